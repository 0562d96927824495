/**
 * The interface of a hash family: the slot of a request, and the slot of a virtual server.
 *
 * @module
 */

/**
 * The two hash functions of a ring. Both give a slot; a result outside 0..slots-1 is reduced modulo
 * `slots` (so that -1 is the last slot), and one that is no whole number is a `RangeError`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { type HashFamily, Ring } from "./mod.ts";
 *
 * const modulo: HashFamily = { request: (id) => id, virtualServer: (i, j) => 100 * i + j };
 * assertEquals(Ring.build({ members: ["a"], hashes: modulo }).slotOfId(513), 1);
 * ```
 *
 * @example The built-in families
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { type HashFamily, hashFamilies } from "./mod.ts";
 *
 * const classic: HashFamily = hashFamilies.classic;
 * assertEquals(classic.request(3, 512), 32);
 * assertEquals(classic.virtualServer(2, 3, 512), 44);
 * ```
 */
export interface HashFamily {
  /**
   * H(i): the slot of a request.
   *
   * @param id The request's id, a whole number from 0 to 2^53 - 1.
   * @param slots M, the number of slots.
   */
  request(id: number, slots: number): number;
  /**
   * Phi(i, j): the home slot of a virtual server.
   *
   * @param id The member's number: the digits that its name ends with, else a 32-bit hash of it.
   * @param index j, the index of the virtual server among its member's, from 0.
   * @param slots M, the number of slots.
   */
  virtualServer(id: number, index: number, slots: number): number;
}
