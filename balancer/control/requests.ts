/**
 * What the bodies of mutating calls must look like.
 *
 * @module
 */
import { z } from "zod";
import { isName, LONGEST_NAME } from "../../replica/contract.ts";
import type { Template } from "../engine/engine.ts";

/** The body of a call cannot be used. */
export class RequestError extends Error {
  override readonly name = "RequestError";
}

/** How many replicas to add or remove, and the names of some or all of them. */
export interface Change {
  readonly n: number;
  readonly hostnames: readonly string[];
}

const CHANGE_EXAMPLE = '{"n":1,"hostnames":["S4"]}';
const DEPLOY_EXAMPLE = '{"image":"registry/app:2"}';
const DRILL_EXAMPLE = '{"kill":"Server2","seconds":3}';

const NAME_RULE = `must be 1 to ${LONGEST_NAME} letters, digits, _ or -, beginning with a letter ` +
  "or a digit and not ending with -";

function name(rule: string): z.ZodString {
  return z.string({ error: received(rule) }).refine(isName, { error: received(rule) });
}

const change = z.strictObject({
  n: z.int({ error: received("must be a whole number from 1") })
    .min(1, { error: received("must be a whole number from 1") }),
  hostnames: z.array(name(`each ${NAME_RULE}`), { error: received("must be a list of names") })
    .default([]),
}, { error: describe("n and hostnames", CHANGE_EXAMPLE) }).superRefine(
  ({ n, hostnames }, context) => {
    if (n < 1 || hostnames.length <= n) return;
    context.addIssue({
      code: "custom",
      path: ["hostnames"],
      message: `must be at most n names, which is ${n}; got ${hostnames.length}`,
    });
  },
);

/**
 * Reads the body of `POST /add` and `DELETE /rm`.
 *
 * @param text the body as it was received
 * @throws {RequestError} every fault at once: the field, its bound and the value received
 */
export function parseChange(text: string): Change {
  return parseBody(change, text, CHANGE_EXAMPLE);
}

const deploy = z.strictObject({
  image: z.string({ error: received("must be an image reference") })
    .regex(/^[A-Za-z0-9][A-Za-z0-9_.\/:@-]*$/, {
      error: received("must be an image reference"),
    }).optional(),
  command: z.string({ error: received("must be a command line") })
    .min(1, { error: received("must be a command line") }).optional(),
}, { error: describe("image and command", DEPLOY_EXAMPLE) })
  .refine(({ image, command }) => image !== undefined || command !== undefined, {
    error: `must name an image, a command or both, such as ${DEPLOY_EXAMPLE}`,
  });

/**
 * Reads the body of `POST /_lb/deploy`.
 *
 * @param text the body as it was received
 * @throws {RequestError} every fault at once: the field, its bound and the value received
 */
export function parseDeploy(text: string): Template {
  const { image, command } = parseBody(deploy, text, DEPLOY_EXAMPLE);
  return {
    ...(image === undefined ? {} : { image }),
    ...(command === undefined ? {} : { command }),
  };
}

const drill = z.strictObject({
  kill: name(NAME_RULE),
  path: z.string({ error: received("must be a path") })
    .regex(/^\/[!-~]*$/, { error: received("must be a path that begins with /") }).default("/"),
  seconds: wholeFrom(1, 60).default(3),
  connections: wholeFrom(1, 64).default(8),
  objective: z.strictObject({
    lost: wholeFrom(0, 1_000_000).default(0),
    fullRingMs: wholeFrom(1, 600_000).default(5000),
    p99Ms: wholeFrom(1, 600_000).optional(),
  }, { error: describe("lost, fullRingMs and p99Ms", '{"lost":0,"fullRingMs":5000}') })
    .prefault({}),
}, { error: describe("kill, path, seconds, connections and objective", DRILL_EXAMPLE) });

/** What a drill does and what it has to show. */
export type DrillRequest = z.output<typeof drill>;

/**
 * Reads the body of `POST /_lb/drill`.
 *
 * @param text the body as it was received
 * @throws {RequestError} every fault at once: the field, its bound and the value received
 */
export function parseDrill(text: string): DrillRequest {
  return parseBody(drill, text, DRILL_EXAMPLE);
}

function parseBody<T>(schema: z.ZodType<T>, text: string, example: string): T {
  const result = schema.safeParse(parseJson(text, example));
  if (result.success) return result.data;
  throw new RequestError(result.error.issues.map(describeIssue).join("; "));
}

function wholeFrom(min: number, max: number): z.ZodInt {
  const error = received(`must be a whole number from ${min} to ${max}`);
  return z.int({ error }).min(min, { error }).max(max, { error });
}

function parseJson(text: string, example: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new RequestError(`body: must be JSON such as ${example}; ${reason}`);
  }
}

function received(rule: string): (issue: { readonly input: unknown }) => string {
  return ({ input }) => `${rule}; got ${shown(input)}`;
}

function describe(
  fields: string,
  example: string,
): (issue: { readonly code: string; readonly input: unknown }) => string {
  return ({ code, input }) =>
    code === "unrecognized_keys"
      ? `has fields that are not known; known are ${fields}`
      : `must be an object such as ${example}; got ${shown(input)}`;
}

function describeIssue({ path, message }: z.core.$ZodIssue): string {
  return `${path.length === 0 ? "body" : named(path)}: ${message}`;
}

/** `objective.lost`; of a list only its name, since each of its faults names the value. */
function named(path: readonly PropertyKey[]): string {
  return path.filter((part) => typeof part === "string").join(".");
}

/** A value as JSON, cut where a client sent a long one. */
function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  const json = JSON.stringify(value);
  return json.length > 80 ? `${json.slice(0, 80)}…` : json;
}
