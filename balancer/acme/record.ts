/**
 * Records that outlive the balancer: the account at an authority, and what is known of each host.
 *
 * @module
 */
import { z } from "zod";

const key = z.string().includes("-----BEGIN PRIVATE KEY-----");

const account = z.strictObject({
  /** URL of the authority's directory. */
  directory: z.url(),
  /** The account's private key (PKCS #8, in PEM). The authority knows the account by it. */
  key,
  /** URL of the account; null before the authority has confirmed it. */
  url: z.url().nullable(),
  /** Mail address that the authority knows; empty for none. */
  email: z.string(),
});

/** The account at one authority. */
export type Account = z.output<typeof account>;

const host = z.strictObject({
  host: z.string(),
  /** The certificate in use; null before the first one. */
  certificate: z.strictObject({
    directory: z.url(),
    /** The certificate and its chain, in PEM. */
    chain: z.string().includes("-----BEGIN CERTIFICATE-----"),
    key,
  }).nullable(),
  /** An order under way, which a later start continues. */
  order: z.strictObject({
    directory: z.url(),
    /** The key of the certificate to come. */
    key,
    /** URL of the order; null before the authority has confirmed it. */
    url: z.url().nullable(),
  }).nullable(),
  /** The last attempt, if it failed. */
  failure: z.strictObject({
    directory: z.url(),
    /** Failures in succession. */
    count: z.int().min(1),
    /** When the next attempt may be made, in milliseconds since the epoch. */
    retryAt: z.number(),
    message: z.string(),
  }).nullable(),
});

/** One host, as it is kept. */
export type HostRecord = z.output<typeof host>;

/** A record that cannot be used. */
class RecordError extends Error {
  override readonly name = "RecordError";
}

/** A host of which nothing is known. */
export function newHost(name: string): HostRecord {
  return { host: name, certificate: null, order: null, failure: null };
}

/** @throws {RecordError} the text is no account of this directory */
export function parseAccount(text: string, directory: string): Account {
  const found = parse(account, text);
  if (found.directory === directory) return found;
  throw new RecordError(`is the account of another authority, ${found.directory}`);
}

/** @throws {RecordError} the text is no record of this host */
export function parseHost(text: string, name: string): HostRecord {
  const found = parse(host, text);
  if (found.host === name) return found;
  throw new RecordError(`is about another host, ${found.host}`);
}

/** The fault's place is named, and never the text, which holds a key. */
function parse<T>(schema: z.ZodType<T>, text: string): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The parser's message quotes the text.
    throw new RecordError("is not JSON");
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const places = parsed.error.issues.map(({ path, code }) => `${path.join(".")} (${code})`);
  throw new RecordError(`has unusable fields: ${places.join(", ")}`);
}

/** The text of a record. */
export function recordText(record: Account | HostRecord): string {
  return JSON.stringify(record, undefined, 2);
}
