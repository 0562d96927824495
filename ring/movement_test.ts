import { assert, assertEquals } from "@std/assert";
import { type Layout, Ring } from "./mod.ts";

function servers(count: number): string[] {
  return Array.from({ length: count }, (_, at) => `Server${at + 1}`);
}

/** The shares of slots that move between the members that stay, for each member that could leave. */
function sharesMoved(count: number, layout: Layout): number[] {
  const before = Ring.build({ members: servers(count), layout });
  return servers(count).map((leaver) => {
    const members = servers(count).filter((name) => name !== leaver);
    return slotsMoved(before, Ring.build({ members, layout }), leaver) / before.slots;
  });
}

function slotsMoved(before: Ring, after: Ring, leaver: string): number {
  return before.table.filter((owner, slot) => {
    const name = before.members[owner];
    return name !== leaver && name !== after.members[after.table[slot]!];
  }).length;
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

Deno.test("Layout rendezvous moves no slot between the members that stay", () => {
  for (const count of [2, 3, 10, 30]) {
    assertEquals(sharesMoved(count, "rendezvous"), servers(count).map(() => 0));
  }
});

Deno.test("Layout rendezvous with weights moves no slot between the members that stay", () => {
  const members = servers(8).map((name, at) => ({ name, weight: 1 + at % 3 }));
  const before = Ring.build({ members, layout: "rendezvous" });
  for (const leaver of servers(8)) {
    const staying = members.filter(({ name }) => name !== leaver);
    const after = Ring.build({ members: staying, layout: "rendezvous" });
    assertEquals(slotsMoved(before, after, leaver), 0);
  }
});

// The bounds are measured ones, rounded up; 512 slots.

Deno.test("Layout even moves 4.5 % of slots on average and 6.5 % at most between those that stay", () => {
  for (const count of [2, 3, 5, 10, 20, 50]) {
    const shares = sharesMoved(count, "even");
    assert(meanOf(shares) < 0.045, `${count} members: ${meanOf(shares)} on average`);
    assert(Math.max(...shares) < 0.065, `${count} members: ${Math.max(...shares)} at most`);
  }
});

Deno.test("Layout ring moves 0.5 % of slots at most between those that stay while it is half empty", () => {
  for (const count of [2, 3, 5, 10, 20]) {
    const most = Math.max(...sharesMoved(count, "ring"));
    assert(most < 0.005, `${count} members: ${most} at most`);
  }
});
