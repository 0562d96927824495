/**
 * The finaliser of MurmurHash3, for whole numbers.
 *
 * Source of the algorithm: Austin Appleby, MurmurHash3_x86_32 (public domain), 2011,
 * https://github.com/aappleby/smhasher/blob/master/src/MurmurHash3.cpp
 *
 * @module
 */

/**
 * Mixes a 32-bit number so that each bit of it changes each bit of the result with about equal
 * probability. It is a bijection, so different numbers stay different. This is the finaliser
 * `fmix32` of MurmurHash3.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { fmix32 } from "./fmix32.ts";
 *
 * assertEquals(fmix32(0), 0);
 * assertEquals(fmix32(1), 0x514e28b7);
 * ```
 *
 * @param value Any number; its low 32 bits count.
 * @returns A whole number from 0 to 2^32 - 1.
 */
export function fmix32(value: number): number {
  let hash = value ^ (value >>> 16);
  hash = Math.imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
