/**
 * What the bodies of mutating calls must look like.
 *
 * @module
 */
import { z } from "zod";

/** The body of a call cannot be used. */
export class RequestError extends Error {
  override readonly name = "RequestError";
}

/** How many replicas to add or remove, and the names of some or all of them. */
export interface Change {
  readonly n: number;
  readonly hostnames: readonly string[];
}

const LONGEST_NAME = 63;
const NAME_RULE = `must be 1 to ${LONGEST_NAME} letters, digits, _ or -, beginning with a letter ` +
  "or a digit and not ending with -";

const name = z.string({ error: received(`each ${NAME_RULE}`) })
  .refine(isName, { error: received(`each ${NAME_RULE}`) });

const change = z.strictObject({
  n: z.int({ error: received("must be a whole number from 1") })
    .min(1, { error: received("must be a whole number from 1") }),
  hostnames: z.array(name, { error: received("must be a list of names") }).default([]),
}, { error: describeObject }).superRefine(({ n, hostnames }, context) => {
  if (n < 1 || hostnames.length <= n) return;
  context.addIssue({
    code: "custom",
    path: ["hostnames"],
    message: `must be at most n names, which is ${n}; got ${hostnames.length}`,
  });
});

/**
 * Reads the body of `POST /add` and `DELETE /rm`.
 *
 * @param text the body as it was received
 * @throws {RequestError} every fault at once: the field, its bound and the value received
 */
export function parseChange(text: string): Change {
  const result = change.safeParse(parseJson(text));
  if (result.success) return result.data;
  throw new RequestError(result.error.issues.map(describeIssue).join("; "));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new RequestError(`body: must be JSON such as {"n":1,"hostnames":["S4"]}; ${reason}`);
  }
}

function isName(text: string): boolean {
  return text.length <= LONGEST_NAME && /^[A-Za-z0-9]([A-Za-z0-9_-]*[A-Za-z0-9_])?$/.test(text);
}

function received(rule: string): (issue: { readonly input: unknown }) => string {
  return ({ input }) => `${rule}; got ${shown(input)}`;
}

function describeObject(issue: { readonly code: string; readonly input: unknown }): string {
  return issue.code === "unrecognized_keys"
    ? "has fields that are not known; known are n and hostnames"
    : `must be an object such as {"n":1,"hostnames":["S4"]}; got ${shown(issue.input)}`;
}

function describeIssue({ path, message }: z.core.$ZodIssue): string {
  return `${path.length === 0 ? "body" : path[0]?.toString()}: ${message}`;
}

/** A value as JSON, cut where a client sent a long one. */
function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  const json = JSON.stringify(value);
  return json.length > 80 ? `${json.slice(0, 80)}…` : json;
}
