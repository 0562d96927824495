import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  DEFAULT_SLOTS,
  DEFAULT_VIRTUAL_SERVERS,
  type HashFamilyName,
  type Layout,
  MAX_SLOTS,
  type Member,
  Ring,
  type RingOptions,
} from "./mod.ts";

const FIXED = { seed: 1, numRuns: 200 };
const LAYOUTS: readonly Layout[] = ["even", "ring", "rendezvous"];
const FAMILIES: readonly HashFamilyName[] = ["fibonacci", "seed", "classic", "hashed"];

const layout = fc.constantFrom(...LAYOUTS);
const hashes = fc.constantFrom(...FAMILIES);
const name = fc.string({ minLength: 1, maxLength: 12, unit: "binary" });
const weight = fc.constantFrom(0, 0.5, 1, 1, 1, 2, 3);

/** Up to 20 members with weights, not all of them 0. */
const members: fc.Arbitrary<Member[]> = fc
  .uniqueArray(fc.record({ name, weight }), {
    minLength: 1,
    maxLength: 20,
    selector: (m) => m.name,
  })
  .filter((members) => members.some(({ weight }) => weight > 0));
/** The options of a ring that is not too full for any layout. */
const options: fc.Arbitrary<RingOptions> = fc.record({
  members,
  layout,
  hashes,
  slots: fc.integer({ min: 300, max: 1000 }),
  virtualServers: fc.integer({ min: 1, max: 5 }),
});

function servers(count: number): string[] {
  return Array.from({ length: count }, (_, at) => `Server${at + 1}`);
}

Deno.test("A ring has the documented defaults", () => {
  const ring = Ring.build({ members: ["a"] });
  assertEquals([DEFAULT_SLOTS, DEFAULT_VIRTUAL_SERVERS, MAX_SLOTS], [512, 9, 65_536]);
  assertEquals(ring.options, {
    members: [{ name: "a", weight: 1 }],
    slots: 512,
    virtualServers: 9,
    layout: "even",
    hashes: "fibonacci",
  });
});

Deno.test("A ring shows the options that it was built with", () => {
  const ring = Ring.build({
    members: [{ name: "S2", weight: 3 }, "S1"],
    slots: 100,
    layout: "ring",
    hashes: "seed",
  });
  assertEquals(ring.members, ["S1", "S2"]);
  assertEquals(ring.weights, [1, 3]);
  assertEquals([ring.slots, ring.layout, ring.hashes], [100, "ring", "seed"]);
  assertEquals(ring.table.length, 100);
});

Deno.test("Members in any order make the same ring", () => {
  fc.assert(
    fc.property(options, fc.infiniteStream(fc.nat()), (options, ranks) => {
      const shuffled = options.members
        .map((member) => ({ member, rank: ranks.next().value! }))
        .sort((a, b) => a.rank - b.rank)
        .map(({ member }) => member);
      const [ring, same] = [Ring.build(options), Ring.build({ ...options, members: shuffled })];
      assertEquals(same.digest, ring.digest);
      assertEquals(same.options, ring.options);
      assertEquals(same.walk(17), ring.walk(17));
    }),
    FIXED,
  );
});

Deno.test("A ring can be rebuilt from a structured clone of its options", () => {
  fc.assert(
    fc.property(options, (options) => {
      const ring = Ring.build(options);
      const rebuilt = Ring.build(structuredClone(ring.options));
      assertEquals(rebuilt.digest, ring.digest);
      assertEquals(rebuilt.slotOfId(12_345), ring.slotOfId(12_345));
    }),
    FIXED,
  );
});

Deno.test("Every slot has an owner of a weight above 0", () => {
  fc.assert(
    fc.property(options, (options) => {
      const ring = Ring.build(options);
      for (const owner of ring.table) assert(ring.weights[owner]! > 0);
    }),
    FIXED,
  );
});

Deno.test("A walk names each member once, the owner first and those of weight 0 last", () => {
  fc.assert(
    fc.property(options, fc.nat({ max: 299 }), (options, slot) => {
      const ring = Ring.build(options);
      const walk = ring.walk(slot);
      assertEquals(walk[0], ring.members[ring.table[slot]!]);
      assertEquals([...walk].sort(), [...ring.members].sort());
      const isResting = walk.map((name) => ring.weights[ring.members.indexOf(name)] === 0);
      assertEquals(isResting, isResting.toSorted((a, b) => Number(a) - Number(b)));
    }),
    FIXED,
  );
});

Deno.test("A walk is worked out once and cannot be changed", () => {
  const ring = Ring.build({ members: servers(3) });
  assert(ring.walk(5) === ring.walk(5));
  assertThrows(() => (ring.walk(5) as string[]).push("Server4"), TypeError);
});

Deno.test("A ring cannot be changed", () => {
  const ring = Ring.build({ members: servers(3), layout: "ring" });
  for (
    const part of [ring, ring.members, ring.options, ring.options.members, ring.virtualServers]
  ) {
    assert(Object.isFrozen(part));
  }
});

Deno.test("A slot beyond the ring has no walk", () => {
  const ring = Ring.build({ members: servers(3) });
  for (const slot of [-1, 512, 0.5, NaN]) {
    const message = `slot must be a whole number from 0 to 511, got ${slot}`;
    assertThrows(() => ring.walk(slot), RangeError, message);
  }
});

Deno.test("Rings of different members have different digests", () => {
  fc.assert(
    fc.property(options, name, (options, newcomer) => {
      fc.pre(!options.members.some((member) => (member as Member).name === newcomer));
      const renamed = [{ name: newcomer, weight: 1 }, ...options.members.slice(1)];
      assertNotEquals(
        Ring.build({ ...options, members: renamed }).digest,
        Ring.build(options).digest,
      );
    }),
    { ...FIXED, examples: [[{ members: [{ name: "ab" }] }, "ba"]] },
  );
});

Deno.test("Rings of equal members and different tables have different digests", () => {
  const digests = LAYOUTS.map((layout) => Ring.build({ members: servers(3), layout }).digest);
  assertEquals(new Set(digests).size, 3);
  for (const digest of digests) assert(/^[0-9a-f]{16}$/.test(digest));
});

Deno.test("The owner of an id or key is the first on the walk of its slot", () => {
  fc.assert(
    fc.property(options, fc.maxSafeNat(), fc.string({ unit: "binary" }), (options, id, key) => {
      const ring = Ring.build(options);
      assertEquals(ring.ownerOfId(id), ring.walk(ring.slotOfId(id))[0]);
      assertEquals(ring.ownerOfKey(key), ring.walk(ring.slotOfKey(key))[0]);
    }),
    FIXED,
  );
});

Deno.test("A ring of one slot works in every layout", () => {
  for (const layout of LAYOUTS) {
    const ring = Ring.build({ members: ["a"], slots: 1, virtualServers: 1, layout });
    assertEquals([ring.ownerOfId(7), ring.ownerOfKey("k"), ring.walk(0)[0]], ["a", "a", "a"]);
  }
});

Deno.test("A ring of the most slots works in every layout", () => {
  for (const layout of LAYOUTS) {
    const ring = Ring.build({ members: servers(100), slots: MAX_SLOTS, layout });
    assertEquals(new Set(ring.table).size, 100);
  }
});

Deno.test("A ring without members owns nothing", () => {
  for (const layout of LAYOUTS) {
    const ring = Ring.build({ members: [], layout });
    assertEquals([ring.ownerOfId(1), ring.ownerOfKey("a")], [undefined, undefined]);
    assertEquals([ring.walk(0), ring.members, ring.virtualServers], [[], [], []]);
    assertEquals(ring.table, new Uint16Array(512));
  }
});

Deno.test("A ring that is restored from its table is the same ring, in every layout", () => {
  fc.assert(
    fc.property(options, fc.nat(), fc.string(), (given, id, key) => {
      const ring = Ring.build(given);
      const restored = Ring.restore(ring.options, ring.table.slice());
      assertEquals(restored.digest, ring.digest);
      assertEquals(restored.options, ring.options);
      assertEquals(restored.virtualServers, ring.virtualServers);
      const slot = ring.slotOfId(id);
      assertEquals([restored.slotOfId(id), restored.slotOfKey(key)], [slot, ring.slotOfKey(key)]);
      assertEquals(restored.walk(slot), ring.walk(slot));
      const change = { add: ["a new member"] };
      assertEquals(restored.with(change).digest, ring.with(change).digest);
      assertEquals(Ring.build(given, restored).digest, ring.digest);
    }),
    FIXED,
  );
});

Deno.test("A table of another length, or with an owner that is no member, is refused", () => {
  const { options, table } = Ring.build({ members: ["a", "b"], slots: 4 });
  const refused = (owners: readonly number[]) =>
    assertThrows(() => Ring.restore(options, Uint16Array.from(owners)), RangeError);
  assertEquals(
    refused([0, 1, 0]).message,
    "table must have 4 slots, got 3",
  );
  assertEquals(
    refused([0, 1, 2, 0]).message,
    "an owner must be at most 1, the last member, got 2",
  );
  assertEquals(Ring.restore(options, table.slice()).members, ["a", "b"]);
  assertEquals(Ring.restore({ members: [] }, new Uint16Array(512)).ownerOfId(1), undefined);
});
