/**
 * What the bodies of mutating calls must look like.
 *
 * @module
 */
import { z } from "zod";
import type { Template } from "../engine/engine.ts";
import type { Weights } from "../fleet/change.ts";
import { describe, name, names, parseBody, received, wholeFrom } from "./body_schema.ts";
import { weights } from "./weights.ts";

/** How many replicas to add or remove, and the names of some or all of them. */
export interface Change {
  readonly n: number;
  readonly hostnames: readonly string[];
}

/** Replicas to add, with the weights of those that do not get 1. */
export interface Addition extends Change {
  readonly weights: Weights;
}

const CHANGE_EXAMPLE = '{"n":1,"hostnames":["S4"]}';
const DEPLOY_EXAMPLE = '{"image":"registry/app:2"}';
const DRILL_EXAMPLE = '{"kill":"Server2","seconds":3}';

const CHANGE = { n: wholeFrom(1), hostnames: names().default([]) };

const removal = z.strictObject(CHANGE, { error: describe("n and hostnames", CHANGE_EXAMPLE) })
  .superRefine(checkCount);

const addition = z.strictObject({ ...CHANGE, weights: weights().prefault({}) }, {
  error: describe("n, hostnames and weights", CHANGE_EXAMPLE),
}).superRefine((body, context) => {
  checkCount(body, context);
  const { hostnames, weights } = body;
  const stranger = Object.keys(weights).find((one) => !hostnames.includes(one));
  if (stranger === undefined) return;
  const message = `must be of names in hostnames; got ${stranger}`;
  context.addIssue({ code: "custom", path: ["weights"], message });
});

function checkCount({ n, hostnames }: Change, context: z.RefinementCtx): void {
  if (n < 1 || hostnames.length <= n) return;
  const message = `must be at most n names, which is ${n}; got ${hostnames.length}`;
  context.addIssue({ code: "custom", path: ["hostnames"], message });
}

/**
 * Reads the body of `POST /add`.
 *
 * @param text the body as it was received
 * @throws {RequestError} every fault at once: the field, its bound and the value received
 */
export function parseAddition(text: string): Addition {
  return parseBody(addition, text, CHANGE_EXAMPLE);
}

/**
 * Reads the body of `DELETE /rm`.
 *
 * @param text the body as it was received
 * @throws {RequestError} every fault at once: the field, its bound and the value received
 */
export function parseRemoval(text: string): Change {
  return parseBody(removal, text, CHANGE_EXAMPLE);
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
  kill: name(),
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
