import { assert, assertEquals, assertThrows } from "@std/assert";
import { Ring, RingFullError } from "./mod.ts";

function servers(count: number): string[] {
  return Array.from({ length: count }, (_, at) => `Server${at + 1}`);
}

function sharesOf(ring: Ring): number[] {
  return ring.members.map((_, at) => ring.table.filter((owner) => owner === at).length);
}

// Worked out by an independent script in Python: the highest score for each slot.
Deno.test("The layout of 3 members does not change", () => {
  const ring = Ring.build({ members: servers(3), layout: "rendezvous" });
  assertEquals([...ring.table.slice(0, 16)], [1, 0, 2, 2, 2, 1, 2, 2, 0, 1, 1, 1, 0, 2, 1, 2]);
  assertEquals(ring.digest, "591c5781c61f740f");
});

Deno.test("Shares follow the weights", () => {
  const members = [1, 2, 3, 4].map((weight) => ({ name: `S${weight}`, weight }));
  const shares = sharesOf(Ring.build({ members, slots: 65_536, layout: "rendezvous" }));
  shares.forEach((share, at) => {
    const expected = 65_536 * members[at]!.weight / 10;
    assert(Math.abs(share / expected - 1) < 0.03, `${members[at]!.name} has ${share} slots`);
  });
});

Deno.test("Shares of many equal members vary no more than random ones", () => {
  const shares = sharesOf(
    Ring.build({ members: servers(500), slots: 50_000, layout: "rendezvous" }),
  );
  const chiSquare = shares.reduce((sum, share) => sum + (share - 100) ** 2 / 100, 0);
  // 499 degrees of freedom: five standard deviations of sqrt(2 · 499) either side.
  assert(chiSquare > 341 && chiSquare < 657, `chi-square is ${chiSquare}`);
});

Deno.test("Members whose weights are equal rank as members without weights", () => {
  const plain = Ring.build({ members: servers(5), layout: "rendezvous" });
  const weighted = Ring.build({
    members: servers(5).map((name) => ({ name, weight: 7 })),
    layout: "rendezvous",
  });
  assertEquals(weighted.digest, plain.digest);
  for (let slot = 0; slot < 512; slot++) assertEquals(weighted.walk(slot), plain.walk(slot));
});

Deno.test("A slot's walk is in the order in which members would inherit it", () => {
  const ring = Ring.build({ members: servers(6), layout: "rendezvous" });
  for (const leaver of ring.members) {
    const members = ring.members.filter((name) => name !== leaver);
    const without = Ring.build({ members, layout: "rendezvous" });
    for (let slot = 0; slot < 512; slot++) {
      assertEquals(without.walk(slot), ring.walk(slot).filter((name) => name !== leaver));
    }
  }
});

Deno.test("More members than slots are refused", () => {
  const build = () => Ring.build({ members: servers(17), slots: 16, layout: "rendezvous" });
  assertThrows(build, RingFullError, "The members need 17 slots, the ring has 16");
});
