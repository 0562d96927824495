import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { classic, fibonacci, hashed, resolveFamily, seed } from "./hash_families.ts";

const id = fc.maxSafeNat();
const index = fc.nat({ max: 100_000 });
const slots = fc.integer({ min: 1, max: 65_536 });
const FIXED = { seed: 1, numRuns: 2000 };

/** The formulas in arithmetic without bounds, as the oracle. */
const exact = {
  seedRequest: (i: bigint, m: bigint) => (i + 2n * i + 1n) % m,
  seedVirtualServer: (i: bigint, j: bigint, m: bigint) => (i + j + 2n * j + 25n) % m,
  classicRequest: (i: bigint, m: bigint) => (i * i + 2n * i + 17n) % m,
  classicVirtualServer: (i: bigint, j: bigint, m: bigint) => (i * i + j * j + 2n * j + 25n) % m,
};

Deno.test("seed and classic place requests exactly, for every id up to 2^53 - 1", () => {
  fc.assert(
    fc.property(id, slots, (i, m) => {
      assertEquals(seed.request(i, m), Number(exact.seedRequest(BigInt(i), BigInt(m))));
      assertEquals(classic.request(i, m), Number(exact.classicRequest(BigInt(i), BigInt(m))));
    }),
    { ...FIXED, examples: [[Number.MAX_SAFE_INTEGER, 512], [Number.MAX_SAFE_INTEGER, 65_535]] },
  );
});

Deno.test("seed and classic place virtual servers exactly, for every id up to 2^53 - 1", () => {
  fc.assert(
    fc.property(id, index, slots, (i, j, m) => {
      const [bigI, bigJ, bigM] = [BigInt(i), BigInt(j), BigInt(m)];
      assertEquals(seed.virtualServer(i, j, m), Number(exact.seedVirtualServer(bigI, bigJ, bigM)));
      assertEquals(
        classic.virtualServer(i, j, m),
        Number(exact.classicVirtualServer(bigI, bigJ, bigM)),
      );
    }),
    { ...FIXED, examples: [[Number.MAX_SAFE_INTEGER, 8, 512]] },
  );
});

// Worked out by an independent script in Python from the definitions, with 512 slots.
const GOLDEN: readonly [id: number, fibonacci: number, hashed: number][] = [
  [0, 0, 0],
  [1, 316, 162],
  [2, 120, 97],
  [3, 437, 267],
  [1000, 17, 204],
  [9999, 369, 420],
  [2 ** 31 - 1, 451, 499],
  [2 ** 31, 256, 218],
  [2 ** 32 - 1, 195, 259],
  [2 ** 32, 316, 162],
  [2 ** 32 + 1, 0, 0],
  [2 ** 53 - 1, 403, 472],
];

Deno.test("fibonacci and hashed do not change", () => {
  for (const [i, fibonacciSlot, hashedSlot] of GOLDEN) {
    assertEquals([fibonacci.request(i, 512), hashed.request(i, 512)], [fibonacciSlot, hashedSlot]);
  }
});

Deno.test("Every built-in family stays within the slots", () => {
  fc.assert(
    fc.property(id, index, slots, (i, j, m) => {
      for (const family of [fibonacci, seed, classic, hashed]) {
        for (const slot of [family.request(i, m), family.virtualServer(i, j, m)]) {
          assertEquals(Number.isInteger(slot) && slot >= 0 && slot < m, true);
        }
      }
    }),
    FIXED,
  );
});

Deno.test("Results of a custom family are reduced to the slots, negative ones too", () => {
  const family = resolveFamily({ request: (i) => -i, virtualServer: (i, j) => i + j });
  assertEquals(family.request(1, 512), 511);
  assertEquals(family.request(512, 512), 0);
  assertEquals(family.virtualServer(1000, 30, 512), 6);
});

Deno.test("A custom family that returns a fraction or no number is refused", () => {
  for (const value of [NaN, Infinity, 0.5]) {
    const family = resolveFamily({ request: () => value, virtualServer: () => value });
    const message = `must return a whole number, got ${value}`;
    assertThrows(() => family.request(1, 512), RangeError, `hashes.request ${message}`);
    assertThrows(
      () => family.virtualServer(1, 0, 512),
      RangeError,
      `hashes.virtualServer ${message}`,
    );
  }
});
