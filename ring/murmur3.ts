/**
 * MurmurHash3 for JavaScript strings.
 *
 * Source of the algorithm: Austin Appleby, MurmurHash3_x86_32 (public domain), 2011,
 * https://github.com/aappleby/smhasher/blob/master/src/MurmurHash3.cpp
 *
 * @module
 */

import { fmix32 } from "./fmix32.ts";

/**
 * Hashes the UTF-16 code units of a string: MurmurHash3_x86_32 over its UTF-16LE bytes. A block of
 * that algorithm is two code units, so nothing is encoded and nothing allocated. Every string has a
 * hash, the empty one and one with unpaired surrogates included.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { murmur3 } from "./murmur3.ts";
 *
 * assertEquals(murmur3(""), 0);
 * assertEquals(murmur3("user-1"), 0x90d68650);
 * ```
 *
 * @param text The string to hash.
 * @param seed A 32-bit number that selects one of 2^32 hash functions.
 * @returns A whole number from 0 to 2^32 - 1.
 */
export function murmur3(text: string, seed: number = 0): number {
  const last = text.length - 1;
  let hash = seed;
  let at = 0;
  for (; at < last; at += 2) {
    hash = mixBody(hash, text.charCodeAt(at) | (text.charCodeAt(at + 1) << 16));
  }
  if (at === last) hash ^= mixBlock(text.charCodeAt(at));
  return fmix32(hash ^ (text.length * 2));
}

function mixBlock(block: number): number {
  return Math.imul(rotateLeft(Math.imul(block, 0xcc9e2d51), 15), 0x1b873593);
}

function mixBody(hash: number, block: number): number {
  return Math.imul(rotateLeft(hash ^ mixBlock(block), 13), 5) + 0xe6546b64 | 0;
}

function rotateLeft(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}
