/**
 * Schemas of the calls about the ring: weights, shape, plans.
 *
 * @module
 */
import { z } from "zod";
import { hashFamilies, type HashFamilyName, LAYOUTS, MAX_SLOTS } from "../../../ring/mod.ts";
import type { RingShape } from "../../fleet/spec/ring_spec.ts";
import type { ChangeRequest } from "../../fleet/spec/change.ts";
import { describe, received } from "../../fault.ts";
import { type BodyForm, knownName, names, oneOf, wholeFrom } from "./schema.ts";
import { weight, weights } from "./weights.ts";

const WEIGHT_EXAMPLE = '{"weight":2}';
const RING_EXAMPLE = '{"slots":4096,"layout":"ring"}';
const PLAN_EXAMPLE = '{"add":2,"remove":["S3"],"weights":{"Big":3},"slots":4096}';
const APPLY_EXAMPLE = '{"plan":"85f3b670"}';

/** A replica's name in the path. */
export const replicaName = z.object({ name: knownName().describe("The replica") });

/** The body of `PATCH /_lb/replicas/NAME`. */
export const weighing: BodyForm<{ readonly weight: number }> = {
  schema: z.strictObject({ weight: weight() }, { error: describe("weight", WEIGHT_EXAMPLE) }),
  example: WEIGHT_EXAMPLE,
};

const SHAPE = {
  slots: wholeFrom(1, MAX_SLOTS).exactOptional().describe("M, the slots of the ring"),
  virtualServers: wholeFrom(1, MAX_SLOTS).exactOptional()
    .describe("K, the virtual servers of a replica of weight 1; layout ring uses it"),
  layout: oneOf(LAYOUTS).exactOptional().describe("How the slots are given to replicas"),
  hashes: oneOf(Object.keys(hashFamilies) as HashFamilyName[]).exactOptional()
    .describe("The hash functions that place ids and virtual servers"),
};

const SHAPE_FIELDS = "slots, virtualServers, layout and hashes";

/** The body of `PATCH /_lb/ring`. */
export const shape: BodyForm<Partial<RingShape>> = {
  schema: z.strictObject(SHAPE, { error: describe(SHAPE_FIELDS, RING_EXAMPLE) })
    .refine(isAnything, { error: received(`must have one of ${SHAPE_FIELDS}`) })
    .meta({ minProperties: 1 }),
  example: RING_EXAMPLE,
};

const PLAN_FIELDS = `add, hostnames, remove, weights, ${SHAPE_FIELDS}`;

/** The body of `POST /_lb/plan`. */
export const change: BodyForm<ChangeRequest> = {
  schema: z.strictObject({
    add: wholeFrom(1).exactOptional().describe(
      "How many replicas to add; as many as there are hostnames, if not given",
    ),
    hostnames: names().exactOptional().describe("Names of the first of them, at most add"),
    remove: names().exactOptional().describe("Names of replicas to remove"),
    weights: weights().exactOptional().describe("Of replicas that are added or stay"),
    ...SHAPE,
  }, { error: describe(PLAN_FIELDS, PLAN_EXAMPLE) })
    .refine(isAnything, { error: received(`must have one of ${PLAN_FIELDS}`) })
    .superRefine(({ hostnames = [], add = hostnames.length }, context) => {
      if (hostnames.length <= add) return;
      const message = `must be at most add names, which is ${add}; got ${hostnames.length}`;
      context.addIssue({ code: "custom", path: ["hostnames"], message });
    })
    .meta({ minProperties: 1 }),
  example: PLAN_EXAMPLE,
};

const PLAN_RULE = { error: received("must be the id that POST /_lb/plan answered") };

/** The body of `POST /_lb/apply`. */
export const application: BodyForm<{ readonly plan: string }> = {
  schema: z.strictObject({
    plan: z.string(PLAN_RULE).regex(/^[A-Za-z0-9_-]{1,64}$/, PLAN_RULE)
      .describe("The id that POST /_lb/plan answered"),
  }, { error: describe("plan", APPLY_EXAMPLE) }),
  example: APPLY_EXAMPLE,
};

function isAnything(body: object): boolean {
  return Object.keys(body).length > 0;
}
