/**
 * Consistent hashing, pure: no input or output, no clock, no platform.
 *
 * A {@linkcode Ring} has M slots, each owned by a member, and maps a request to a slot by its id
 * or its key. Three layouts share out the slots: exact shares (`even`), the textbook's circle of
 * virtual servers (`ring`), and highest random weight (`rendezvous`).
 *
 * @example Who answers a request, and who would if that one could not
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Ring } from "./mod.ts";
 *
 * const ring = Ring.build({ members: ["Server1", "Server2", "Server3"] });
 * const order = ring.walk(ring.slotOfId(2));
 * assertEquals(order[0], ring.ownerOfId(2));
 * assertEquals(order.toSorted(), ["Server1", "Server2", "Server3"]);
 * ```
 *
 * @module
 */

export { loadCap, overflow } from "./bounded_load.ts";
export type { Change } from "./change.ts";
export { compareRings, type Flow, movedIds, type Movement } from "./comparison.ts";
export { RingFullError } from "./errors.ts";
export { hashFamilies, type HashFamilyName } from "./hash_families.ts";
export type { HashFamily } from "./hash_family.ts";
export { ringCapacity } from "./layouts.ts";
export type { Member, WeightedMember } from "./members.ts";
export { murmur3 } from "./murmur3.ts";
export {
  type CompleteRingOptions,
  DEFAULT_SLOTS,
  DEFAULT_VIRTUAL_SERVERS,
  type Layout,
  LAYOUTS,
  MAX_SLOTS,
  type RingOptions,
} from "./options.ts";
export type { VirtualServer } from "./placement.ts";
export { Ring } from "./ring.ts";
