import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { loadCap, overflow, Ring } from "./mod.ts";

const members = fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 20 });

Deno.test("bounded load: the caps together leave room for one more request", () => {
  const weights = fc.array(fc.double({ min: 0.1, max: 50, noNaN: true }), { minLength: 1 });
  const bound = fc.double({ min: 1, max: 10, noNaN: true });
  fc.assert(fc.property(weights, bound, fc.nat(100_000), (given, factor, inHand) => {
    const total = given.reduce((sum, weight) => sum + weight, 0);
    const caps = given.map((weight) => loadCap(factor, inHand, weight / total));
    assert(caps.reduce((sum, cap) => sum + cap, 0) >= inHand + 1 - 1e-6 * inHand);
  }));
});

Deno.test("bounded load: the cap of a member without weight is 0", () => {
  assertEquals(loadCap(1.25, 1000, 0), 0);
});

Deno.test("overflow: each member but the owner comes once", () => {
  fc.assert(fc.property(members, fc.string(), (names, key) => {
    const ring = Ring.build({ members: names });
    const slot = ring.slotOfKey(key);
    const order = [...overflow(ring, key, slot)];
    assertEquals(new Set(order).size, order.length);
    assertEquals(
      [...order, ring.ownerOfKey(key)].toSorted(),
      ring.members.toSorted(),
    );
  }));
});

Deno.test("overflow: the keys of one owner overflow to all other members alike", () => {
  const ring = Ring.build({
    members: Array.from({ length: 10 }, (_, at) => `Server${at + 1}`),
    layout: "ring",
  });
  const firsts = new Map<string, number>();
  let keys = 0;
  for (let at = 0; keys < 9000; at++) {
    const key = `key-${at}`;
    if (ring.ownerOfKey(key) !== "Server1") continue;
    keys++;
    const [first = ""] = overflow(ring, key, ring.slotOfKey(key));
    firsts.set(first, (firsts.get(first) ?? 0) + 1);
  }
  // In proportion to the shares of the ring: no member takes the whole overflow, as a neighbour
  // would.
  assertEquals(firsts.size, 9);
  assert(Math.max(...firsts.values()) < 9000 / 9 * 1.5);
});

Deno.test("overflow: an empty ring and a ring of one member have no overflow", () => {
  for (const members of [[], ["a"]]) {
    const ring = Ring.build({ members });
    assertEquals([...overflow(ring, "key", ring.slotOfKey("key"))], []);
  }
});

Deno.test("overflow: members of weight 0 come last", () => {
  const members = [{ name: "a", weight: 0 }, "b", "c", "d"];
  const ring = Ring.build({ members });
  for (const key of ["one", "two", "three"]) {
    assertEquals([...overflow(ring, key, ring.slotOfKey(key))].indexOf("a"), 2);
  }
});

Deno.test("overflow: a slot that is not on the ring is refused", () => {
  const ring = Ring.build({ members: ["a", "b"] });
  const message = "slot must be a whole number from 0 to 511, got 512";
  assertThrows(() => overflow(ring, "key", 512).next(), RangeError, message);
});
