import { assert, assertEquals } from "@std/assert";
import { type HashFamilyName, Ring } from "./mod.ts";

const SERVERS = ["Server1", "Server2", "Server3"];

/** Each of 3 members' share of the requests 0 to 9999 under layout `even`. */
function sharesOf(hashes: HashFamilyName): number[] {
  const ring = Ring.build({ members: SERVERS, hashes });
  const requests = SERVERS.map(() => 0);
  for (let id = 0; id < 10_000; id++) requests[ring.table[ring.slotOfId(id)]!]! += 1;
  return requests.map((count) => count / 10_000);
}

function largestDeviation(shares: readonly number[]): number {
  return Math.max(...shares.map((share) => Math.abs(share - 1 / 3)));
}

/** (chi-square - its mean) in standard deviations: how far from random the slots of keys are. */
function unevenness(keys: readonly string[], slots: number): number {
  const ring = Ring.build({ members: ["a"], slots });
  const counts = new Float64Array(slots);
  for (const key of keys) counts[ring.slotOfKey(key)]! += 1;
  const expected = keys.length / slots;
  const chiSquare = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  return (chiSquare - (slots - 1)) / Math.sqrt(2 * (slots - 1));
}

Deno.test("Under fibonacci and the seed's H each of 3 members gets a third to within 0.5 points", () => {
  assert(largestDeviation(sharesOf("fibonacci")) < 0.005);
  assert(largestDeviation(sharesOf("seed")) < 0.005);
});

Deno.test("Under hashed each of 3 members gets a third but for the chance of random sampling", () => {
  // Three standard deviations of a share of 10000 random draws.
  assert(largestDeviation(sharesOf("hashed")) < 3 * Math.sqrt(1 / 3 * 2 / 3 / 10_000));
});

Deno.test("The classic H reaches 87 of 512 slots, so that equal numbers of slots are not equal loads", () => {
  const ring = Ring.build({ members: SERVERS, hashes: "classic" });
  assertEquals(new Set(Array.from({ length: 512 }, (_, id) => ring.slotOfId(id))).size, 87);
  assertEquals(sharesOf("classic"), [0.2344, 0.4685, 0.2971]);
});

Deno.test("Sequential and short keys spread over the slots as random ones would", () => {
  const letters = [..."abcdefghijklmnopqrstuvwxyz"];
  const twoLetters = letters.flatMap((a) => letters.map((b) => a + b));
  const numbers = Array.from({ length: 100_000 }, (_, at) => `${at}`);
  const samples = {
    users: numbers.map((number) => `user-${number}`),
    paths: numbers.map((number) => `/videos/${number}/index.m3u8`),
    numbers,
    twoLetters,
    threeLetters: twoLetters.flatMap((pair) => letters.map((letter) => pair + letter)),
  };
  for (const [sample, keys] of Object.entries(samples)) {
    for (const slots of [512, 1000]) {
      const deviation = unevenness(keys, slots);
      assert(Math.abs(deviation) < 3.5, `${sample} on ${slots} slots: ${deviation}`);
    }
  }
});
