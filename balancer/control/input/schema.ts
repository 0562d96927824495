/**
 * The parts of all body schemas: each fault names its field, the bound and the value received.
 *
 * @module
 */
import { z } from "zod";
import { LONGEST_NAME, NAME_PATTERN } from "../../../replica/contract.ts";
import { cut, received } from "../../fault.ts";
import { REPLICA_NAME_PATTERN } from "../../upstream_list.ts";

/** A call whose body, query or path is invalid. */
export class RequestError extends Error {
  override readonly name = "RequestError";

  /**
   * @param message every fault: the field, its bound and the value received; or the textbook's text
   * @param detail the faults, if the message is the textbook's
   */
  constructor(message: string, readonly detail?: string) {
    super(message);
  }
}

/** The rule of a replica's name, as the end of a sentence. */
const NAME_RULE = `must be 1 to ${LONGEST_NAME} letters, digits, _ or -, beginning with a ` +
  "letter or a digit and not ending with -";

/**
 * The schema of a replica's name.
 *
 * @param rule the message for an invalid name
 */
export function name(rule: string = NAME_RULE): z.ZodString {
  return z.string({ error: received(rule) }).regex(NAME_PATTERN, { error: received(rule) });
}

/** The name of an existing replica: a given name or an address. */
export const KNOWN_NAME_RULE = `${NAME_RULE}, or an upstream's name or address`;

/** The schema of an existing replica's name, with any engine. */
export function knownName(rule: string = KNOWN_NAME_RULE): z.ZodString {
  return z.string({ error: received(rule) }).regex(REPLICA_NAME_PATTERN, { error: received(rule) });
}

/** A list of names. */
export function names(): z.ZodArray<z.ZodString> {
  return z.array(name(`each ${NAME_RULE}`), { error: received("must be a list of names") });
}

/** A whole number, both bounds included; without an upper bound, any safe integer. */
export function wholeFrom(min: number, max: number = Infinity): z.ZodInt {
  const bounds = max === Infinity ? `from ${min}` : `from ${min} to ${max}`;
  const error = received(`must be a whole number ${bounds}`);
  const from = z.int({ error }).min(min, { error });
  return max === Infinity ? from : from.max(max, { error });
}

/** One of several words. */
export function oneOf<T extends string>(words: readonly T[]): z.ZodEnum<{ [K in T]: K }> {
  return z.enum(words, { error: received(`must be one of ${words.join(", ")}`) });
}

/** The form of a body. */
export interface BodyForm<T> {
  readonly schema: z.ZodType<T>;
  /** A valid body in JSON, which errors and the OpenAPI document show. */
  readonly example: string;
}

/**
 * Parses a body.
 *
 * @param form the form of the body
 * @param text the body as it was received
 * @throws {RequestError} every fault at once: the field, its bound and the value received
 */
export function parseBody<T>({ schema, example }: BodyForm<T>, text: string): T {
  return parseFields(schema, parseJson(text, example));
}

/**
 * Parses fields.
 *
 * @param schema the schema of the fields
 * @param given the fields as they were received
 * @throws {RequestError} every fault at once: the field, its bound and the value received
 */
export function parseFields<T>(schema: z.ZodType<T>, given: unknown): T {
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  const { issues } = result.error;
  const faults = issues.map(describeIssue).join("; ");
  const text = textbookText(issues);
  throw text === undefined ? new RequestError(faults) : new RequestError(text, faults);
}

/**
 * Returns the textbook's text for a fault, which its clients compare; only a single fault has one.
 */
function textbookText(issues: readonly z.core.$ZodIssue[]): string | undefined {
  const [issue, ...others] = issues;
  const text = issue?.code === "custom" ? issue.params?.["textbook"] : undefined;
  return others.length === 0 && typeof text === "string" ? text : undefined;
}

function parseJson(text: string, example: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new RequestError(`body: must be JSON such as ${example}; ${reason}`);
  }
}

function describeIssue({ path, message }: z.core.$ZodIssue): string {
  return `${path.length === 0 ? "body" : named(path)}: ${message}`;
}

/**
 * The field's path, such as `objective.lost`; for a list only its name, because each fault names
 * the value.
 */
function named(path: readonly PropertyKey[]): string {
  return cut(path.filter((part) => typeof part === "string").join("."));
}
