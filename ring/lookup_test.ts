import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { hashFamilies, type HashFamilyName, Ring } from "./mod.ts";

const FAMILIES: readonly HashFamilyName[] = ["fibonacci", "seed", "classic", "hashed"];

Deno.test("An id of more than one word falls on its family's slot", () => {
  const slots = FAMILIES.map((hashes) =>
    Ring.build({ members: ["a"], hashes }).slotOfId(Number.MAX_SAFE_INTEGER)
  );
  assertEquals(slots, [403, 510, 16, 472]);
});

// Worked out by an independent script in Python: floor(MurmurHash3 · M / 2^32).
const KEY_SLOTS: readonly [key: string, of512: number, of1000: number][] = [
  ["", 0, 0],
  ["a", 222, 434],
  ["abc", 133, 260],
  ["user-session-100", 173, 338],
  ["\u{1f600}", 172, 336],
  ["\ud800", 2, 5],
];

Deno.test("The slot of an id is the one that its hash family gives, for every number of slots", () => {
  const slots = fc.oneof(fc.integer({ min: 1, max: 65_536 }), fc.nat(16).map((bits) => 2 ** bits));
  const id = fc.oneof(
    fc.maxSafeNat(),
    fc.nat(),
    fc.integer({ min: 2 ** 31 - 2, max: 2 ** 32 + 2 }),
  );
  fc.assert(
    fc.property(fc.constantFrom(...FAMILIES), slots, id, (hashes, slots, id) => {
      const ring = Ring.build({ members: ["a"], hashes, slots });
      assertEquals(ring.slotOfId(id), hashFamilies[hashes].request(id, slots));
    }),
    {
      seed: 1,
      numRuns: 300,
      examples: [["fibonacci", 1, 5], ["fibonacci", 65_536, Number.MAX_SAFE_INTEGER]],
    },
  );
});

Deno.test("A key falls on the same slot under every hash family", () => {
  for (const hashes of FAMILIES) {
    const small = Ring.build({ members: ["a"], hashes });
    const large = Ring.build({ members: ["a"], hashes, slots: 1000 });
    for (const [key, of512, of1000] of KEY_SLOTS) {
      assertEquals([small.slotOfKey(key), large.slotOfKey(key)], [of512, of1000]);
    }
  }
});

Deno.test("A custom family decides about ids and virtual servers", () => {
  const ring = Ring.build({
    members: ["S1", "S2"],
    slots: 10,
    virtualServers: 1,
    layout: "ring",
    hashes: { request: (id) => -id, virtualServer: (id) => 5 * id },
  });
  assertEquals(ring.virtualServers.map(({ slot }) => slot), [5, 0]);
  assertEquals([ring.ownerOfId(9), ring.ownerOfId(4), ring.ownerOfId(10)], ["S1", "S2", "S2"]);
});
