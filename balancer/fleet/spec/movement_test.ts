import { assertEquals } from "@std/assert";
import { compareRings, movedIds, Ring } from "../../../ring/mod.ts";
import { movementBetween } from "./movement.ts";

function ring(members: number): Ring {
  return Ring.build({ members: Array.from({ length: members }, (_, at) => `S${at}`), slots: 4096 });
}

Deno.test("a movement lists the largest flows and counts the rest", () => {
  const [before, after] = [ring(40), ring(60)];
  const { share, flows } = compareRings(before, after);
  const { moved, movedIds: ids } = movementBetween(before, after);
  assertEquals(moved, { share, flows: flows.slice(0, 100), flowsLeftOut: flows.length - 100 });
  assertEquals(ids, movedIds(before, after));
});

Deno.test("a ring that stays moves nothing", () => {
  assertEquals(movementBetween(ring(3), ring(3)), {
    moved: { share: 0, flows: [], flowsLeftOut: 0 },
    movedIds: 0,
  });
});
