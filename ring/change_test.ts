import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  type Change,
  type HashFamilyName,
  type Layout,
  type Member,
  Ring,
  RingFullError,
  type RingOptions,
} from "./mod.ts";

const FIXED = { seed: 1, numRuns: 200 };
const LAYOUTS: readonly Layout[] = ["even", "ring", "rendezvous"];
const FAMILIES: readonly HashFamilyName[] = ["fibonacci", "seed", "classic", "hashed"];

function servers(count: number): string[] {
  return Array.from({ length: count }, (_, at) => `Server${at + 1}`);
}

/** Few names, so that they repeat; some differ only in the part before the number. */
const name = fc.oneof(
  fc.nat(40).map((number) => `S${number}`),
  fc.nat(5).map((number) => `T${number}`),
  fc.string({ minLength: 1, maxLength: 3, unit: "binary" }),
);
const weight = fc.oneof(
  { weight: 20, arbitrary: fc.constant(1) },
  { weight: 8, arbitrary: fc.constantFrom(0, 0.1, 0.5, 2, 3) },
  { weight: 1, arbitrary: fc.double({ min: 0, max: 1000, noNaN: true }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(Number.MIN_VALUE, 1e-323, 1e-9, 1e9, Number.MAX_VALUE),
  },
);
/** A member's target: a weight, or removal. */
const wish = fc.tuple(name, fc.option(weight, { nil: undefined }));
/**
 * Targets for a ring, the index of the earlier ring to change, and slots whose walks are compared.
 */
const step = fc.record({
  wishes: fc.array(wish, { maxLength: 12 }),
  from: fc.nat(),
  slot: fc.nat(299),
});
const shape: fc.Arbitrary<Omit<RingOptions, "members">> = fc.record({
  layout: fc.constantFrom(...LAYOUTS),
  hashes: fc.constantFrom(...FAMILIES),
  slots: fc.oneof(fc.integer({ min: 300, max: 1000 }), fc.constant(512)),
  virtualServers: fc.integer({ min: 1, max: 3 }),
});

/**
 * Returns the change that reaches the targets; an existing member gets its weight in either way.
 */
function changeFor(ring: Ring, wishes: ReadonlyMap<string, number | undefined>): Change {
  const add: Member[] = [];
  const remove: string[] = [];
  const weights: [string, number][] = [];
  for (const [name, weight] of wishes) {
    const isMember = ring.members.includes(name);
    if (isMember && weight !== undefined && name.length % 2 === 0) weights.push([name, weight]);
    else {
      if (isMember) remove.push(name);
      if (weight !== undefined) add.push({ name, weight });
    }
  }
  return { add, remove, weights: Object.fromEntries(weights) };
}

function membersAfter(ring: Ring, wishes: ReadonlyMap<string, number | undefined>): Member[] {
  const kept = ring.options.members.filter(({ name }) => !wishes.has(name));
  const wished = [...wishes].flatMap(([name, weight]) =>
    weight === undefined ? [] : { name, weight }
  );
  return [...kept, ...wished];
}

function attempt(make: () => Ring): Ring | string {
  try {
    return make();
  } catch (error) {
    return `${error}`;
  }
}

function assertSame(actual: Ring, expected: Ring, slot: number): void {
  assertEquals(actual.options, expected.options);
  assertEquals(actual.members, expected.members);
  assertEquals(actual.table, expected.table);
  assertEquals(actual.virtualServers, expected.virtualServers);
  assertEquals(actual.digest, expected.digest);
  assertEquals(actual.walk(slot), expected.walk(slot));
}

Deno.test("A changed ring equals the ring that is built of the changed members, after any earlier changes", () => {
  fc.assert(
    fc.property(shape, fc.array(step, { maxLength: 12 }), (shape, steps) => {
      const rings = [Ring.build({ ...shape, members: [] })];
      for (const { wishes, from, slot } of steps) {
        const before = rings[from % rings.length]!;
        const wished = new Map(wishes);
        const members = membersAfter(before, wished);
        const expected = attempt(() => Ring.build({ ...shape, members }));
        const actual = attempt(() => before.with(changeFor(before, wished)));
        if (typeof expected === "string") assertEquals(actual, expected);
        else {
          assertSame(actual as Ring, expected, slot);
          rings.push(actual as Ring);
        }
      }
    }),
    FIXED,
  );
});

Deno.test("A ring of hundreds of members that shrinks and grows one by one equals the built ring", () => {
  for (const layout of ["even", "rendezvous"] as const) {
    for (const weightOf of [() => 1, (at: number) => 1 + at % 4 / 3]) {
      const members = servers(300).map((name, at) => ({ name, weight: weightOf(at) }));
      const options = { layout, slots: 700 };
      let ring = Ring.build({ ...options, members });
      for (let left = 299; left >= 5; left--) {
        ring = ring.with({ remove: [members[left]!.name] });
        if (left % 40 > 0 && left > 12) continue;
        assertSame(ring, Ring.build({ ...options, members: members.slice(0, left) }), left);
      }
      for (let count = 5; count < 300; count++) {
        ring = ring.with({ add: [members[count]!] });
        if (count % 40 > 0 && count > 12) continue;
        assertSame(ring, Ring.build({ ...options, members: members.slice(0, count + 1) }), count);
      }
    }
  }
});

Deno.test("A change leaves the original ring as it was", () => {
  for (const layout of LAYOUTS) {
    const ring = Ring.build({ members: servers(5), layout });
    const [options, table] = [structuredClone(ring.options), ring.table.slice()];
    ring.with({ add: ["Server9"], remove: ["Server2", "Server3"], weights: { Server1: 3 } });
    assertEquals([ring.options, ring.table], [options, table]);
    assertSame(ring, Ring.build(options), 7);
  }
});

Deno.test("A changed ring cannot be changed in place", () => {
  const ring = Ring.build({ members: servers(3) }).with({ add: ["a"] });
  const parts = [ring, ring.members, ring.options, ring.options.members, ring.virtualServers];
  for (const part of parts) assert(Object.isFrozen(part));
});

Deno.test("A custom hash family stays with a changed ring", () => {
  const hashes = { request: (id: number) => -id, virtualServer: (id: number) => 5 * id };
  const ring = Ring.build({
    members: ["S1"],
    slots: 10,
    layout: "ring",
    virtualServers: 1,
    hashes,
  });
  const changed = ring.with({ add: ["S2"] });
  assertStrictEquals(changed.hashes, hashes);
  assertEquals([changed.ownerOfId(9), changed.ownerOfId(4), changed.slotOfId(3)], ["S1", "S2", 7]);
});

Deno.test("A removed member may be added again in the same change", () => {
  const ring = Ring.build({ members: servers(3) });
  const changed = ring.with({ remove: ["Server2"], add: [{ name: "Server2", weight: 2 }] });
  assertEquals(changed.weights, [1, 2, 1]);
});

Deno.test("A separate weight overrides the weight of an added member", () => {
  const ring = Ring.build({ members: ["a"] });
  assertEquals(ring.with({ add: [{ name: "b", weight: 2 }], weights: { b: 3 } }).weights, [1, 3]);
});

Deno.test("Names that are unknown, taken or named twice are refused", () => {
  const ring = Ring.build({ members: ["a", "b"] });
  const faults: [Change, string][] = [
    [{ remove: ["c"] }, 'remove must have names of members, each once, got "c"'],
    [{ remove: ["a", "a"] }, 'remove must have names of members, each once, got "a"'],
    [{ weights: { c: 1 } }, 'weights must have names of members, each once, got "c"'],
    [
      { remove: ["a"], weights: { a: 1 } },
      'weights must have names of members, each once, got "a"',
    ],
    [{ add: ["a"] }, 'add must have names that no member has, each once, got "a"'],
    [{ add: ["c", "c"] }, 'add must have names that no member has, each once, got "c"'],
    [{ add: [""] }, 'members must have names that are not empty, got ""'],
  ];
  for (const [change, message] of faults) {
    assertThrows(() => ring.with(change), RangeError, message);
  }
});

Deno.test("Invalid weights, and a change that leaves only weights of 0, are refused", () => {
  const ring = Ring.build({ members: ["a", "b"] });
  const faults: [Change, string][] = [
    [{ weights: { a: -1 } }, 'weight of "a" must be a finite number from 0 up, got -1'],
    [
      { add: [{ name: "c", weight: NaN }] },
      'weight of "c" must be a finite number from 0 up, got NaN',
    ],
    [
      { weights: { a: 0, b: 0 } },
      "members must include one of a weight above 0, got only weights of 0",
    ],
    [
      { weights: { a: 0 }, remove: ["b"] },
      "members must include one of a weight above 0, got only weights of 0",
    ],
  ];
  for (const [change, message] of faults) {
    assertThrows(() => ring.with(change), RangeError, message);
  }
});

Deno.test("Fields of a change with the wrong type are refused", () => {
  const ring = Ring.build({ members: ["a", "b"] });
  const faults: [unknown, string][] = [
    [{ add: "c" }, "add must be an array, got c"],
    [{ remove: "a" }, "remove must be an array, got a"],
    [{ remove: [7] }, "remove must have strings, got 7"],
    [{ weights: { a: "2" } }, 'weight of "a" must be a number, got 2'],
  ];
  for (const [change, message] of faults) {
    assertThrows(() => ring.with(change as Change), TypeError, message);
  }
});

Deno.test("A change that needs too many slots is refused, and does not affect the next change", () => {
  for (const layout of LAYOUTS) {
    const options = { layout, slots: 16, virtualServers: 1 };
    const ring = Ring.build({ ...options, members: servers(16) });
    const error = assertThrows(() => ring.with({ add: ["Server17"] }), RingFullError);
    assertEquals([error.needed, error.slots], [17, 16]);
    const changed = ring.with({ add: ["Server17"], remove: ["Server4"] });
    const members = [...servers(17)].filter((name) => name !== "Server4");
    assertSame(changed, Ring.build({ ...options, members }), 3);
  }
});

Deno.test("A ring that is built with the help of another equals the ring built without it", () => {
  fc.assert(
    fc.property(shape, shape, fc.array(step, { maxLength: 6 }), (one, other, steps) => {
      let kin = Ring.build({ ...one, members: servers(7) });
      for (const { wishes, slot } of steps) {
        const members = membersAfter(kin, new Map(wishes));
        const options = { ...(slot % 2 > 0 ? one : other), members };
        const expected = attempt(() => Ring.build(options));
        const actual = attempt(() => Ring.build(options, kin));
        if (typeof expected === "string") assertEquals(actual, expected);
        else assertSame(kin = actual as Ring, expected, slot);
      }
    }),
    FIXED,
  );
});
