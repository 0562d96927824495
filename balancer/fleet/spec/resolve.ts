/**
 * From a wish to a change that can be made, or to the reason why there is none: the field, its
 * bound and the value. Pure; nothing happens before all of it is checked.
 *
 * @module
 */
import { Ring, ringCapacity, RingFullError } from "../../../ring/mod.ts";
import { type Blueprint, ringOf, type RingShape, serves } from "./ring_spec.ts";
import { applied, type Change, MAX_WEIGHT, namesToAdd, type Wish } from "./change.ts";
import { MembershipError } from "./change_error.ts";

/** What a change starts from. */
export interface Ground {
  /** The replicas in the ring, in the order in which they joined, and the ring's shape. */
  readonly blueprint: Blueprint;
  /** Every name in use: of those in the ring, and of those on their way in or out. */
  readonly taken: ReadonlySet<string>;
  /** The most replicas that there may be, however many the ring has room for. */
  readonly limit: number;
}

/** What the fields of a wish are called where it came from, for messages. */
export interface FieldNames {
  readonly add: string;
  readonly remove: string;
}

/** The fields of a {@linkcode Wish} itself. */
export const WISH_FIELDS: FieldNames = { add: "add", remove: "remove" };

/**
 * Works out a change: which names, which weights, which shape.
 *
 * @param wish what is wanted
 * @param ground what it starts from
 * @param fields what the wish's fields are called
 * @throws {MembershipError} the change cannot be made: the field, its bound and the value
 */
export function resolve(wish: Wish, ground: Ground, fields: FieldNames = WISH_FIELDS): Change {
  const { hostnames = [], add = hostnames.length, remove = [], weights = {} } = wish;
  if (hostnames.length > add) {
    throw outOfBounds(
      "hostnames",
      `must be at most ${fields.add} names, which is ${add}`,
      hostnames.length,
    );
  }
  const shape = shapeAfter(wish, ground.blueprint.shape);
  // Before so many names are made up.
  checkRoom(add, remove.length, shape, ground, fields);
  const change: Change = {
    add: namesToAdd(add, hostnames, ground.taken),
    remove,
    weights: new Map(Object.entries(weights)),
    shape,
  };
  check(change, ground, fields);
  return change;
}

/**
 * Looks whether a change, for which there is room, can be made.
 *
 * @param change the change
 * @param ground what it starts from
 * @param fields what the wish's fields are called
 * @throws {MembershipError} it cannot: the field, its bound and the value
 */
export function check(change: Change, ground: Ground, fields: FieldNames = WISH_FIELDS): void {
  checkNames(change, ground, fields);
  checkWeights(change, ground);
  const after = applied(ground.blueprint, change);
  checkSomebodyServes(change, after, fields);
  checkVirtualServers(after);
}

/** A field that is there and undefined changes nothing. */
function shapeAfter(wish: Wish, before: RingShape): RingShape {
  const shape = {
    slots: wish.slots ?? before.slots,
    virtualServers: wish.virtualServers ?? before.virtualServers,
    layout: wish.layout ?? before.layout,
    hashes: wish.hashes ?? before.hashes,
  };
  checkShape(shape);
  return shape;
}

/** The ring knows its own bounds; without members it is built in no time. */
function checkShape(shape: RingShape): void {
  try {
    Ring.build({ ...shape, members: [] });
  } catch (error) {
    if (!(error instanceof RangeError || error instanceof TypeError)) throw error;
    throw new MembershipError("out-of-bounds", error.message);
  }
}

function checkRoom(
  joining: number,
  leaving: number,
  shape: RingShape,
  { blueprint, limit }: Ground,
  fields: FieldNames,
): void {
  const present = blueprint.weights.size;
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
  const field = joining === 0 ? changedField(blueprint.shape, shape) : fields.add;
  throw new MembershipError("out-of-bounds", `${field}: ${value}; ${bound}`);
}

/** Which field of the shape took the room away. */
function changedField(before: RingShape, after: RingShape): string {
  const fields = ["slots", "layout", "virtualServers"] as const;
  return fields.find((field) => before[field] !== after[field]) ?? "slots";
}

function checkNames({ add, remove }: Change, { blueprint, taken }: Ground, fields: FieldNames) {
  refuseTwice("hostnames", add);
  refuseTwice(fields.remove, remove);
  const clash = add.find((name) => taken.has(name));
  if (clash !== undefined) {
    throw new MembershipError("taken", `hostnames: ${clash} is in the ring already`);
  }
  const stranger = remove.find((name) => !blueprint.weights.has(name));
  if (stranger !== undefined) throw unknown(fields.remove, stranger);
}

function refuseTwice(field: string, names: readonly string[]): void {
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new MembershipError("taken", `${field}: ${twice} is named twice`);
}

function checkWeights({ add, remove, weights }: Change, { blueprint }: Ground): void {
  for (const [name, weight] of weights) {
    const stays = blueprint.weights.has(name) && !remove.includes(name);
    if (!stays && !add.includes(name)) throw unknown(`weights.${name}`, name);
    if (weight >= 0 && weight <= MAX_WEIGHT) continue;
    throw outOfBounds(`weights.${name}`, `must be a number from 0 to ${MAX_WEIGHT}`, weight);
  }
}

/** In the other layouts a replica needs one slot, whatever its weight. */
function checkVirtualServers(after: Blueprint): void {
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

function checkSomebodyServes(change: Change, after: Blueprint, fields: FieldNames): void {
  if (after.weights.size === 0 || serves(after)) return;
  const field = change.remove.length > 0 ? fields.remove : "weights";
  const bound = "a replica of a weight above 0 must remain";
  throw outOfBounds(field, bound, `${after.weights.size} of weight 0 and no other`);
}

function shapeText({ slots, virtualServers, layout }: RingShape): string {
  const points = layout === "ring" ? ` and ${virtualServers} virtual servers a replica` : "";
  return `a ring of ${slots} slots${points}`;
}

function unknown(field: string, name: string): MembershipError {
  return new MembershipError("unknown", `${field}: no replica is called ${name}`);
}

function outOfBounds(field: string, bound: string, value: unknown): MembershipError {
  return new MembershipError("out-of-bounds", `${field}: ${bound}; got ${value}`);
}
