/**
 * Schemas of the bodies of calls about replicas.
 *
 * @module
 */
import { z } from "zod";
import { replicaOptions } from "../../engine/replica_options.ts";
import type { Weights } from "../../fleet/spec/change.ts";
import { describe, received } from "../../fault.ts";
import { type BodyForm, name, names, wholeFrom } from "./schema.ts";
import { weights } from "./weights.ts";

/** How many replicas to add or remove, and the names of some or all of them. */
interface Change {
  readonly n: number;
  readonly hostnames: readonly string[];
}

/** Replicas to add, with the weights of those whose weight is not 1. */
interface Addition extends Change {
  readonly weights: Weights;
}

const CHANGE_EXAMPLE = '{"n":1,"hostnames":["S4"]}';
const DEPLOY_EXAMPLE = '{"image":"registry/app:2"}';
const DRILL_EXAMPLE = '{"kill":"Server2","seconds":3}';

const CHANGE = {
  n: wholeFrom(1).describe("How many"),
  hostnames: names().default([]).describe("Names of the first of them, at most n"),
};

const removalSchema = z.strictObject(CHANGE, {
  error: describe("n and hostnames", CHANGE_EXAMPLE),
}).superRefine((body, context) =>
  checkCount(body, context, "Length of hostname list is more than removable instances")
);

const additionSchema = z.strictObject({
  ...CHANGE,
  weights: weights().prefault({}).describe("Of replicas in hostnames; 1 where none is given"),
}, {
  error: describe("n, hostnames and weights", CHANGE_EXAMPLE),
}).superRefine((body, context) => {
  checkCount(body, context, "Length of hostname list is more than newly added instances");
  const { hostnames, weights } = body;
  const stranger = Object.keys(weights).find((one) => !hostnames.includes(one));
  if (stranger === undefined) return;
  const message = `must be of names in hostnames; got ${stranger}`;
  context.addIssue({ code: "custom", path: ["weights"], message });
});

/** @param textbook the message of the assignment's own balancer, which its clients compare */
function checkCount(
  { n, hostnames }: Change,
  context: z.RefinementCtx,
  textbook: string,
): void {
  if (n < 1 || hostnames.length <= n) return;
  const message = `must be at most n names, which is ${n}; got ${hostnames.length}`;
  context.addIssue({ code: "custom", path: ["hostnames"], message, params: { textbook } });
}

/** The body of `POST /add`. */
export const addition: BodyForm<Addition> = { schema: additionSchema, example: CHANGE_EXAMPLE };

/** The body of `DELETE /rm`. */
export const removal: BodyForm<Change> = { schema: removalSchema, example: CHANGE_EXAMPLE };

const IMAGE_RULE = { error: received("must be an image reference") };
const COMMAND_RULE = { error: received("must be a command line") };

const deploySchema = z.strictObject({
  image: z.string(IMAGE_RULE).regex(/^[A-Za-z0-9][A-Za-z0-9_.\/:@-]*$/, IMAGE_RULE).exactOptional()
    .describe("An image reference; engine docker"),
  command: z.string(COMMAND_RULE).min(1, COMMAND_RULE).nullable().exactOptional()
    .describe("A command line; null goes back to that of the settings"),
  options: replicaOptions.nullable().exactOptional()
    .describe("All options of the containers; null goes back to LB_REPLICA_OPTIONS"),
  minReadyMs: wholeFrom(0, 3_600_000).exactOptional()
    .describe(
      "Milliseconds that each new instance has to stay ready; LB_MIN_READY_MS if not given",
    ),
}, { error: describe("image, command, options and minReadyMs", DEPLOY_EXAMPLE) })
  .refine(
    ({ minReadyMs: _, ...template }) => Object.values(template).some((one) => one !== undefined),
    {
      error: `must name an image, a command, options or several of them, such as ${DEPLOY_EXAMPLE}`,
    },
  );

/** The body of `POST /_lb/deploy`. */
export const deploy: BodyForm<z.output<typeof deploySchema>> = {
  schema: deploySchema,
  example: DEPLOY_EXAMPLE,
};

const drillSchema = z.strictObject({
  kill: name().describe("The replica to kill"),
  path: z.string({ error: received("must be a path") })
    .regex(/^\/[!-~]*$/, { error: received("must be a path that begins with /") }).default("/")
    .describe("What the load asks for"),
  seconds: wholeFrom(1, 60).default(3).describe("How long the load lasts"),
  connections: wholeFrom(1, 64).default(8).describe("How many clients ask at the same time"),
  objective: z.strictObject({
    lost: wholeFrom(0, 1_000_000).default(0).describe("So many requests may be lost"),
    fullRingMs: wholeFrom(1, 600_000).default(5000)
      .describe("Bound on the time until the ring is full again, in milliseconds"),
    p99Ms: wholeFrom(1, 600_000).optional()
      .describe("At most one request of a hundred may take more milliseconds"),
  }, { error: describe("lost, fullRingMs and p99Ms", '{"lost":0,"fullRingMs":5000}') })
    .prefault({}).describe("What has to be kept for the drill to pass"),
}, { error: describe("kill, path, seconds, connections and objective", DRILL_EXAMPLE) });

/** A drill's load and objective. */
export type DrillRequest = z.output<typeof drillSchema>;

/** The body of `POST /_lb/drill`. */
export const drill: BodyForm<DrillRequest> = { schema: drillSchema, example: DRILL_EXAMPLE };
