/**
 * The error of a ring that cannot hold its members.
 *
 * @module
 */

/**
 * Thrown when the members need more slots than a ring has, by {@linkcode Ring.build} and by
 * {@linkcode Ring.with}. Nothing has been built or changed then.
 *
 * @example
 * ```ts
 * import { assertThrows } from "@std/assert";
 * import { Ring, RingFullError } from "./mod.ts";
 *
 * assertThrows(
 *   () => Ring.build({ members: ["a", "b", "c"], slots: 2 }),
 *   RingFullError,
 *   "The members need 3 slots, the ring has 2",
 * );
 * ```
 */
export class RingFullError extends Error {
  /** Always `"RingFullError"`. */
  override readonly name = "RingFullError";
  /** Slots that the members need: one each, or one for each virtual server in layout `ring`. */
  readonly needed: number;
  /** Slots that the ring has. */
  readonly slots: number;

  /**
   * @param needed Slots that the members need.
   * @param slots Slots that the ring has.
   */
  constructor(needed: number, slots: number) {
    super(`The members need ${needed} slots, the ring has ${slots}`);
    this.needed = needed;
    this.slots = slots;
  }
}
