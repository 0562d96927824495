/**
 * The layouts by name, and their capacity.
 *
 * @module
 */

import { RingFullError } from "./errors.ts";
import type { HashFamily } from "./hash_family.ts";
import { layOutEven } from "./layout_even.ts";
import { layOutRendezvous, rankByScore } from "./layout_rendezvous.ts";
import { layOutRing, rankClockwise, virtualServerCount } from "./layout_ring.ts";
import type { CompleteRingOptions } from "./options.ts";
import type { Placement } from "./placement.ts";
import { Preferences } from "./preferences.ts";

/**
 * Assigns slots to members by the layout in the options.
 *
 * @param options The options in full.
 * @param family The hash functions of the options.
 * @param preferences Those of another ring, if any, to save work. The result is the same.
 * @throws {RingFullError} When the members need more slots than the ring has.
 * @throws {RangeError} When a custom hash function returns a value that is not a whole number.
 */
export function layOut(
  options: CompleteRingOptions,
  family: HashFamily,
  preferences?: Preferences,
): Placement {
  refuseOverflow(options);
  const { members, slots, virtualServers, layout } = options;
  switch (layout) {
    case "even":
      return layOutEven(members, preferencesFor(slots, preferences));
    case "rendezvous":
      return layOutRendezvous(members, preferencesFor(slots, preferences));
    case "ring":
      return layOutRing(members, slots, virtualServers, family);
  }
}

/**
 * Returns the placement to which a table belongs, without laying out the members again.
 *
 * @param options The options in full.
 * @param family The hash functions of the options.
 * @param table The table that {@linkcode layOut} made of the same options.
 */
export function placementOf(
  options: CompleteRingOptions,
  family: HashFamily,
  table: Uint16Array,
): Placement {
  const { members, slots, virtualServers, layout } = options;
  if (layout !== "ring") return { table, rank: rankByScore(members, table) };
  return {
    table,
    virtualServers: () => layOutRing(members, slots, virtualServers, family).virtualServers!(),
    rank: rankClockwise(members, table),
  };
}

function preferencesFor(slots: number, preferences?: Preferences): Preferences {
  return preferences?.slots === slots ? preferences : new Preferences(slots);
}

/**
 * Returns the number of members of weight 1 that fit on a ring.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { ringCapacity } from "./mod.ts";
 *
 * assertEquals(ringCapacity({ slots: 512, virtualServers: 9, layout: "ring" }), 56);
 * assertEquals(ringCapacity({ slots: 512, virtualServers: 9, layout: "even" }), 512);
 * ```
 *
 * @param options The ring's shape.
 */
export function ringCapacity(
  { slots, virtualServers, layout }: Pick<
    CompleteRingOptions,
    "slots" | "virtualServers" | "layout"
  >,
): number {
  return Math.floor(slots / (layout === "ring" ? virtualServers : 1));
}

/**
 * Checks that the members fit on the ring, without laying them out.
 *
 * @param options The options in full.
 * @throws {RingFullError} When the members need more slots than the ring has.
 */
export function refuseOverflow(options: CompleteRingOptions): void {
  const needed = slotsNeeded(options);
  if (needed > options.slots) throw new RingFullError(needed, options.slots);
}

function slotsNeeded({ members, layout, virtualServers }: CompleteRingOptions): number {
  if (layout !== "ring") return members.length;
  const points = members.reduce(
    (sum, member) => sum + virtualServerCount(member, virtualServers),
    0,
  );
  // Members of weight 0 have no virtual servers, but the table still has to tell them apart.
  return Math.max(points, members.length);
}
