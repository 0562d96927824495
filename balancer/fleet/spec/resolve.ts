/**
 * Resolves a requested change to names, weights and shape, or refuses it with the field, its bound
 * and the value. Pure: everything is checked before anything happens.
 *
 * @module
 */
import { ringCapacity, RingFullError } from "../../../ring/mod.ts";
import { completeOptions } from "../../../ring/options.ts";
import { ringOf, type RingShape, type RingSpec, serves } from "./ring_spec.ts";
import { applied, type Change, type ChangeRequest, MAX_WEIGHT, namesToAdd } from "./change.ts";
import { ChangeError } from "./change_error.ts";

/** The fleet that a change starts from. */
export interface ChangeContext {
  /** Weights, in the order in which the replicas joined, and shape of the ring. */
  readonly ringSpec: RingSpec;
  /** Every name in use, including replicas that start or leave. */
  readonly taken: ReadonlySet<string>;
  /** Upper bound on the number of replicas, in addition to the ring's own capacity. */
  readonly limit: number;
}

/** Names of a request's fields in its source, for error messages. */
export interface FieldNames {
  readonly add: string;
  readonly remove: string;
}

/** Field names of a {@linkcode ChangeRequest}. */
export const REQUEST_FIELDS: FieldNames = { add: "add", remove: "remove" };

/**
 * Resolves a requested change.
 *
 * @param request the request
 * @param context the fleet that it starts from
 * @param fields names of the request's fields
 * @throws {ChangeError} the change is not possible; the message names the field, its bound and the
 *   value
 */
export function resolve(
  request: ChangeRequest,
  context: ChangeContext,
  fields: FieldNames = REQUEST_FIELDS,
): Change {
  const { hostnames = [], add = hostnames.length, remove = [], weights = {} } = request;
  if (hostnames.length > add) {
    throw outOfBounds(
      "hostnames",
      `must be at most ${fields.add} names, which is ${add}`,
      hostnames.length,
    );
  }
  const shape = shapeAfter(request, context.ringSpec.shape);
  // Check the room before that many names are generated.
  checkRoom(add, remove.length, shape, context, fields);
  const change: Change = {
    add: namesToAdd(add, hostnames, context.taken),
    remove,
    weights: new Map(Object.entries(weights)),
    shape,
  };
  check(change, context, fields);
  return change;
}

/**
 * Checks whether a resolved change, for which there is room, is possible.
 *
 * @param change the change
 * @param context the fleet that it starts from
 * @param fields names of the request's fields
 * @throws {ChangeError} the change is not possible; the message names the field, its bound and the
 *   value
 */
export function check(
  change: Change,
  context: ChangeContext,
  fields: FieldNames = REQUEST_FIELDS,
): void {
  checkNames(change, context, fields);
  checkWeights(change, context);
  const after = applied(context.ringSpec, change);
  checkSomebodyServes(change, after, fields);
  checkVirtualServers(after);
}

/** A field with the value undefined keeps its value. */
function shapeAfter(request: ChangeRequest, before: RingShape): RingShape {
  const shape = {
    slots: request.slots ?? before.slots,
    virtualServers: request.virtualServers ?? before.virtualServers,
    layout: request.layout ?? before.layout,
    hashes: request.hashes ?? before.hashes,
  };
  checkShape(shape);
  return shape;
}

/** The ring checks its own bounds. It is not built: with 65,536 slots that takes ten milliseconds. */
function checkShape(shape: RingShape): void {
  try {
    completeOptions({ ...shape, members: [] });
  } catch (error) {
    if (!(error instanceof RangeError || error instanceof TypeError)) throw error;
    throw new ChangeError("out-of-bounds", error.message);
  }
}

function checkRoom(
  joining: number,
  leaving: number,
  shape: RingShape,
  { ringSpec, limit }: ChangeContext,
  fields: FieldNames,
): void {
  const present = ringSpec.weights.size;
  const total = present - leaving + joining;
  const capacity = ringCapacity(shape);
  if (total <= Math.min(limit, capacity)) return;
  const bound = capacity < limit
    ? `${shapeText(shape)} has room for ${capacity}`
    : `the limit is ${limit}`;
  const less = leaving === 0 ? "" : ` without ${leaving}`;
  const value = joining === 0
    ? `there are ${present} replicas${less}`
    : `${present} replicas${less} and ${joining} more would be ${total}`;
  const field = joining === 0 ? changedField(ringSpec.shape, shape) : fields.add;
  throw new ChangeError("out-of-bounds", `${field}: ${value}; ${bound}`);
}

/** Returns the field of the shape that reduced the capacity. */
function changedField(before: RingShape, after: RingShape): string {
  const fields = ["slots", "layout", "virtualServers"] as const;
  return fields.find((field) => before[field] !== after[field]) ?? "slots";
}

function checkNames(
  { add, remove }: Change,
  { ringSpec, taken }: ChangeContext,
  fields: FieldNames,
) {
  refuseTwice("hostnames", add);
  refuseTwice(fields.remove, remove);
  const clash = add.find((name) => taken.has(name));
  if (clash !== undefined) {
    throw new ChangeError("taken", `hostnames: ${clash} is in the ring already`);
  }
  const stranger = remove.find((name) => !ringSpec.weights.has(name));
  if (stranger !== undefined) throw unknown(fields.remove, stranger);
}

function refuseTwice(field: string, names: readonly string[]): void {
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new ChangeError("taken", `${field}: ${twice} is named twice`);
}

function checkWeights({ add, remove, weights }: Change, { ringSpec }: ChangeContext): void {
  for (const [name, weight] of weights) {
    const stays = ringSpec.weights.has(name) && !remove.includes(name);
    if (!stays && !add.includes(name)) throw unknown(`weights.${name}`, name);
    if (weight >= 0 && weight <= MAX_WEIGHT) continue;
    throw outOfBounds(`weights.${name}`, `must be a number from 0 to ${MAX_WEIGHT}`, weight);
  }
}

/** In layouts other than `ring` a replica needs one slot, for every weight. */
function checkVirtualServers(after: RingSpec): void {
  if (after.shape.layout !== "ring") return;
  try {
    ringOf(after);
  } catch (error) {
    if (!(error instanceof RingFullError)) throw error;
    const { needed, slots } = error;
    const bound = `all together may have ${slots} virtual servers, one a slot`;
    throw outOfBounds("weights", bound, needed);
  }
}

function checkSomebodyServes(change: Change, after: RingSpec, fields: FieldNames): void {
  if (after.weights.size === 0 || serves(after)) return;
  const field = change.remove.length > 0 ? fields.remove : "weights";
  const bound = "a replica of a weight above 0 must remain";
  throw outOfBounds(field, bound, `${after.weights.size} of weight 0 and no other`);
}

function shapeText({ slots, virtualServers, layout }: RingShape): string {
  const points = layout === "ring" ? ` and ${virtualServers} virtual servers a replica` : "";
  return `a ring of ${slots} slots${points}`;
}

function unknown(field: string, name: string): ChangeError {
  return new ChangeError("unknown", `${field}: no replica is called ${name}`);
}

function outOfBounds(field: string, bound: string, value: unknown): ChangeError {
  return new ChangeError("out-of-bounds", `${field}: ${bound}; got ${value}`);
}
