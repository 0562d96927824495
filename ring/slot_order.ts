/**
 * The order in which slots are assigned if members have quotas.
 *
 * @module
 */

import { fmix32 } from "./fmix32.ts";

/** Every slot is below this number. */
const MAX_SLOTS = 0x1_0000;

/**
 * Returns all slots in a fixed pseudo-random order. In plain order the last slots, which go to the
 * members with quota left, would all be neighbours.
 *
 * @param slots The number of slots, at most 65536.
 */
export function inHashOrder(slots: number): Uint16Array {
  // The slot is stored in the low bits below its hash, because plain numbers sort natively.
  const keys = new Float64Array(slots);
  for (let slot = 0; slot < slots; slot++) keys[slot] = fmix32(slot) * MAX_SLOTS + slot;
  keys.sort();
  const order = new Uint16Array(slots);
  for (let turn = 0; turn < slots; turn++) order[turn] = keys[turn]! % MAX_SLOTS;
  return order;
}
