/**
 * The built-in hash families.
 *
 * @module
 */

import { fmix32 } from "./fmix32.ts";
import type { HashFamily } from "./hash_family.ts";

/** The name of a built-in hash family. */
export type HashFamilyName = "fibonacci" | "seed" | "classic" | "hashed";

/** 2^32 divided by the golden ratio, and odd. */
const GOLDEN = 0x9e3779b1;

/** How many different 32-bit hashes there are. */
const HASHES = 2 ** 32;

/**
 * Spreads a 32-bit hash over the slots: floor(hash · slots / 2^32). Exact, as the product stays
 * below 2^53, and as even as the hash for every number of slots, not just powers of two.
 *
 * @param hash A whole number from 0 to 2^32 - 1.
 * @param slots The number of slots, at most 65536.
 * @returns A slot from 0 to `slots` - 1.
 */
export function scaleToSlots(hash: number, slots: number): number {
  return (hash * slots / HASHES) >>> 0;
}

/** Both 32-bit words of an id in one. */
function foldId(id: number): number {
  // Most ids have no high word, and the branch is cheaper than the division.
  return id > 0xffff_ffff ? id ^ (id / HASHES) : id | 0;
}

/**
 * Multiplicative hashing with the golden ratio (Knuth, The Art of Computer Programming, vol. 3,
 * §6.4): ids that follow each other fall far apart and fill the ring evenly.
 *
 * A virtual server is hashed the same way, by its member's number, with a shift for each index.
 * So the first virtual servers of Server1, Server2, ... are spread evenly among themselves, and so
 * are the second ones. With 9 virtual servers on each of 2 to 20 numbered members, a member's share
 * lies between 0.71 and 1.25 times the mean; random placement (`hashed`) gives 0.42 to 1.71.
 */
export const fibonacci: HashFamily = {
  request: (id, slots) => fibonacciSlot(foldId(id), slots),
  virtualServer: (id, index, slots) => fibonacciSlot(foldId(id) + fmix32(index), slots),
};

/**
 * The slot of a 32-bit word by the fibonacci hash.
 *
 * @param word A number; its low 32 bits count.
 * @param slots The number of slots, at most 65536.
 * @returns A slot from 0 to `slots` - 1.
 */
function fibonacciSlot(word: number, slots: number): number {
  return scaleToSlots(Math.imul(word, GOLDEN) >>> 0, slots);
}

/**
 * The formulas as the seed document prints them: H(i) = i + 2i + 1, Phi(i, j) = i + j + 2j + 25.
 * They cluster: in layout `ring` with 512 slots and 9 virtual servers, Server1 to Server3 own 494,
 * 9 and 9 slots.
 */
export const seed: HashFamily = {
  request: (id, slots) => (3 * (id % slots) + 1) % slots,
  virtualServer: (id, index, slots) => (id % slots + 3 * index + 25) % slots,
};

/**
 * The formulas with the exponents that the seed document lost: H(i) = i^2 + 2i + 17,
 * Phi(i, j) = i^2 + j^2 + 2j + 25. Reduced before squaring, so that the squares stay exact.
 *
 * H(i) is (i + 1)^2 + 16, and most numbers are no square modulo M: of 512 slots requests reach 87.
 * So no layout that gives out slots by their number can make this family even.
 */
export const classic: HashFamily = {
  request: (id, slots) => {
    const i = id % slots;
    return (i * i + 2 * i + 17) % slots;
  },
  virtualServer: (id, index, slots) => {
    const i = id % slots;
    const j = index % slots;
    return (i * i + j * j + 2 * j + 25) % slots;
  },
};

/** The finaliser of MurmurHash3: both kinds of slot look like random ones. */
export const hashed: HashFamily = {
  request: (id, slots) => scaleToSlots(fmix32(foldId(id)), slots),
  virtualServer: (id, index, slots) =>
    scaleToSlots(fmix32(fmix32(foldId(id)) + Math.imul(index, GOLDEN)), slots),
};

/** The built-in hash families by name. */
export const hashFamilies: Readonly<Record<HashFamilyName, HashFamily>> = Object.freeze({
  fibonacci,
  seed,
  classic,
  hashed,
});

/**
 * Returns the family that a ring uses: a built-in family unchanged, a custom one with its results
 * checked and reduced.
 *
 * @param hashes A name, or a custom family.
 */
export function resolveFamily(hashes: HashFamilyName | HashFamily): HashFamily {
  if (typeof hashes === "string") return hashFamilies[hashes];
  return {
    request: (id, slots) => reduce(hashes.request(id, slots), slots, "request"),
    virtualServer: (id, index, slots) =>
      reduce(hashes.virtualServer(id, index, slots), slots, "virtualServer"),
  };
}

function reduce(value: number, slots: number, functionName: keyof HashFamily): number {
  if (!Number.isInteger(value)) {
    throw new RangeError(`hashes.${functionName} must return a whole number, got ${value}`);
  }
  // `%` takes the sign of its left side, so a negative result needs one more turn of the ring.
  return (value % slots + slots) % slots;
}
