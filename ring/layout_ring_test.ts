import { assert, assertEquals, assertThrows } from "@std/assert";
import { Ring, RingFullError } from "./mod.ts";

function servers(count: number): string[] {
  return Array.from({ length: count }, (_, at) => `Server${at + 1}`);
}

function ownersInRuns(ring: Ring): string {
  const runs: [owner: number, length: number][] = [];
  for (const owner of ring.table) {
    const run = runs.at(-1);
    if (run?.[0] === owner) run[1] += 1;
    else runs.push([owner, 1]);
  }
  return runs.map(([owner, length]) => length === 1 ? `${owner}` : `${owner}x${length}`).join(" ");
}

function sharesOf(ring: Ring): number[] {
  return ring.members.map((_, at) => ring.table.filter((owner) => owner === at).length);
}

function requestsOn(ring: Ring, count: number): number[] {
  const requests = ring.members.map(() => 0);
  for (let id = 0; id < count; id++) requests[ring.table[ring.slotOfId(id)]!]! += 1;
  return requests;
}

// The golden tables were worked out by an independent script in Python from the printed formulas,
// with probing one slot at a time.

Deno.test("The seed's formulas give 494, 9 and 9 of 512 slots, and 96.49 % of requests to one", () => {
  const ring = Ring.build({ members: servers(3), layout: "ring", hashes: "seed" });
  assertEquals(ownersInRuns(ring), `0x27 ${"1 2 0 ".repeat(8)}1 2 0x459`);
  assertEquals(sharesOf(ring), [494, 9, 9]);
  assertEquals(requestsOn(ring, 10_000), [9649, 171, 180]);
  assertEquals(ring.digest, "4efb80a7c97d06a7");
});

Deno.test("The classic formulas give 457, 22 and 33 of 512 slots", () => {
  const ring = Ring.build({ members: servers(3), layout: "ring", hashes: "classic" });
  assertEquals(
    ownersInRuns(ring),
    "0x30 1x3 0x2 2 1x2 2 0x3 2 1x2 2x5 0 1x3 2x5 0x3 1x3 2x5 0x5 1x3 2x5 0x7 1x3 2x5 0x9 1x3 2x5 0x397",
  );
  assertEquals(sharesOf(ring), [457, 22, 33]);
  assertEquals(requestsOn(ring, 10_000), [8435, 470, 1095]);
  assertEquals(ring.digest, "a5d901765cbed046");
});

Deno.test("The seed's formulas lay out 5 members on 64 slots as worked out", () => {
  const ring = Ring.build({ members: servers(5), slots: 64, layout: "ring", hashes: "seed" });
  assertEquals(ownersInRuns(ring), `4x7 0x20 ${"1 2 0 ".repeat(8)}1 2 3x9 4x2`);
});

Deno.test("The classic formulas lay out 5 members on 64 slots as worked out", () => {
  const ring = Ring.build({ members: servers(5), slots: 64, layout: "ring", hashes: "classic" });
  assertEquals(
    ownersInRuns(ring),
    "1 3 4x2 2x2 0x5 4 3 1 2x5 4x3 0x5 3 1 0 1x3 2 0 2 4 1 2 3x2 0x2 2 1x2 3x2 2x2 0 2 3 1 4x2 3x2 2 4x2 0 1x2",
  );
});

Deno.test("A virtual server whose home is taken goes to the next free slot, past the end to 0", () => {
  const ring = Ring.build({
    members: ["S1", "S2"],
    slots: 8,
    virtualServers: 2,
    layout: "ring",
    hashes: { request: (id) => id, virtualServer: () => 6 },
  });
  assertEquals(ring.virtualServers, [
    { member: "S1", index: 0, home: 6, slot: 6 },
    { member: "S1", index: 1, home: 6, slot: 7 },
    { member: "S2", index: 0, home: 6, slot: 0 },
    { member: "S2", index: 1, home: 6, slot: 1 },
  ]);
  assertEquals([...ring.table], [1, 1, 0, 0, 0, 0, 0, 0]);
});

Deno.test("A request on an occupied slot belongs to the virtual server there", () => {
  const ring = Ring.build({ members: servers(3), layout: "ring", hashes: "classic" });
  for (const { member, slot } of ring.virtualServers) assertEquals(ring.walk(slot)[0], member);
});

Deno.test("Virtual servers are placed by number, whatever the names before it", () => {
  const ring = Ring.build({ members: ["a10", "b2", "a2"], layout: "ring", virtualServers: 1 });
  assertEquals(ring.virtualServers.map(({ member }) => member), ["a2", "b2", "a10"]);
});

Deno.test("A ring of 512 slots holds 56 members of 9 virtual servers and refuses 57", () => {
  const layouts = { layout: "ring", hashes: "seed" } as const;
  assertEquals(Ring.build({ members: servers(56), ...layouts }).virtualServers.length, 504);
  const error = assertThrows(() => Ring.build({ members: servers(57), ...layouts }), RingFullError);
  assertEquals([error.needed, error.slots], [513, 512]);
});

Deno.test("A ring can be full to the last slot", () => {
  const ring = Ring.build({
    members: servers(64),
    virtualServers: 8,
    layout: "ring",
    hashes: "seed",
  });
  assertEquals(new Set(ring.virtualServers.map(({ slot }) => slot)).size, 512);
  assertEquals(sharesOf(ring), servers(64).map(() => 8));
});

Deno.test("Weights scale the number of virtual servers, but leave one at least", () => {
  const ring = Ring.build({
    members: [
      { name: "S1", weight: 2 },
      { name: "S2", weight: 0.5 },
      { name: "S3", weight: 0.01 },
      {
        name: "S4",
        weight: 0,
      },
    ],
    layout: "ring",
  });
  const counts = ring.members.map((name) =>
    ring.virtualServers.filter(({ member }) => member === name).length
  );
  assertEquals(counts, [18, 5, 1, 0]);
});

Deno.test("A walk goes clockwise, and to members of weight 0 last", () => {
  const ring = Ring.build({
    members: [{ name: "S0", weight: 0 }, "S1", "S2", "S3"],
    slots: 12,
    virtualServers: 1,
    layout: "ring",
    hashes: { request: (id) => id, virtualServer: (i) => 12 - 3 * i },
  });
  assertEquals(ring.walk(4), ["S2", "S1", "S3", "S0"]);
  assertEquals(ring.walk(10), ["S3", "S2", "S1", "S0"]);
});

Deno.test("fibonacci spreads 9 virtual servers to shares between 0.71 and 1.25 of the mean", () => {
  for (const count of [2, 3, 5, 10, 20]) {
    const ring = Ring.build({ members: servers(count), slots: 4096, layout: "ring" });
    for (const share of sharesOf(ring)) {
      const relative = share * count / 4096;
      assert(relative > 0.7 && relative < 1.26, `${count} members: ${relative}`);
    }
  }
});
