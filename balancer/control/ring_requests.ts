/**
 * What the calls about the ring must look like: weights, shape, plans.
 *
 * @module
 */
import { z } from "zod";
import { hashFamilies, type HashFamilyName, LAYOUTS, MAX_SLOTS } from "../../ring/mod.ts";
import { isName } from "../../replica/contract.ts";
import type { RingShape } from "../fleet/blueprint.ts";
import type { Wish } from "../fleet/change.ts";
import {
  describe,
  NAME_RULE,
  names,
  oneOf,
  parseBody,
  received,
  RequestError,
  shown,
  wholeFrom,
} from "./body_schema.ts";
import { weight, weights } from "./weights.ts";

const WEIGHT_EXAMPLE = '{"weight":2}';
const RING_EXAMPLE = '{"slots":4096,"layout":"ring"}';
const PLAN_EXAMPLE = '{"add":2,"remove":["S3"],"weights":{"Big":3},"slots":4096}';
const APPLY_EXAMPLE = '{"plan":"<id>"}';

/**
 * The name at the end of a path.
 *
 * @param name as it was received, percent-encoding undone
 * @throws {RequestError} no replica can be called that
 */
export function parseName(name: string): string {
  if (isName(name)) return name;
  throw new RequestError(`name: ${NAME_RULE}; got ${shown(name)}`);
}

const weighing = z.strictObject({ weight: weight() }, {
  error: describe("weight", WEIGHT_EXAMPLE),
});

/**
 * Reads the body of `PATCH /_lb/replicas/NAME`.
 *
 * @param text the body as it was received
 * @returns the weight
 * @throws {RequestError} the field, its bound and the value received
 */
export function parseWeight(text: string): number {
  return parseBody(weighing, text, WEIGHT_EXAMPLE).weight;
}

const SHAPE = {
  slots: wholeFrom(1, MAX_SLOTS).exactOptional(),
  virtualServers: wholeFrom(1, MAX_SLOTS).exactOptional(),
  layout: oneOf(LAYOUTS).exactOptional(),
  hashes: oneOf(Object.keys(hashFamilies) as HashFamilyName[]).exactOptional(),
};

const SHAPE_FIELDS = "slots, virtualServers, layout and hashes";

const shape = z.strictObject(SHAPE, { error: describe(SHAPE_FIELDS, RING_EXAMPLE) })
  .refine(isAnything, { error: received(`must have one of ${SHAPE_FIELDS}`) });

/**
 * Reads the body of `PATCH /_lb/ring`.
 *
 * @param text the body as it was received
 * @throws {RequestError} every fault at once: the field, its bound and the value received
 */
export function parseShape(text: string): Partial<RingShape> {
  return parseBody(shape, text, RING_EXAMPLE);
}

const PLAN_FIELDS = `add, hostnames, remove, weights, ${SHAPE_FIELDS}`;

const plan = z.strictObject({
  add: wholeFrom(1).exactOptional(),
  hostnames: names().exactOptional(),
  remove: names().exactOptional(),
  weights: weights().exactOptional(),
  ...SHAPE,
}, { error: describe(PLAN_FIELDS, PLAN_EXAMPLE) })
  .refine(isAnything, { error: received(`must have one of ${PLAN_FIELDS}`) })
  .superRefine(({ hostnames = [], add = hostnames.length }, context) => {
    if (hostnames.length <= add) return;
    const message = `must be at most add names, which is ${add}; got ${hostnames.length}`;
    context.addIssue({ code: "custom", path: ["hostnames"], message });
  });

/**
 * Reads the body of `POST /_lb/plan`.
 *
 * @param text the body as it was received
 * @throws {RequestError} every fault at once: the field, its bound and the value received
 */
export function parseWish(text: string): Wish {
  return parseBody(plan, text, PLAN_EXAMPLE);
}

const PLAN_RULE = "must be the id that POST /_lb/plan answered";

const application = z.strictObject({
  plan: z.string({ error: received(PLAN_RULE) })
    .regex(/^[A-Za-z0-9_-]{1,64}$/, { error: received(PLAN_RULE) }),
}, { error: describe("plan", APPLY_EXAMPLE) });

/**
 * Reads the body of `POST /_lb/apply`.
 *
 * @param text the body as it was received
 * @returns the id of the plan
 * @throws {RequestError} the field, its bound and the value received
 */
export function parsePlanId(text: string): string {
  return parseBody(application, text, APPLY_EXAMPLE).plan;
}

function isAnything(body: object): boolean {
  return Object.keys(body).length > 0;
}
