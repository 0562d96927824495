import { assertEquals } from "@std/assert";
import { Ring } from "../../../ring/mod.ts";
import type { View } from "../../view.ts";
import { LoadCells } from "./load_cells.ts";
import { LoadCell, sharedLoads } from "./shared_load.ts";

/** A view of instances; each replica has its instance's name. */
function view(version: number, ...instances: string[]): View {
  const address = { hostname: "127.0.0.1", port: 9 };
  return {
    version,
    ring: Ring.build({ members: instances }),
    ready: new Map(instances.map((one) => [one, { name: one, instance: one, address }])),
    awaited: new Set(),
    epoch: 0,
    quarantined: new Set(),
  };
}

Deno.test("every instance has its own cell, and keeps it across views", () => {
  const cells = new LoadCells(sharedLoads(1));
  assertEquals(cells.assign(view(1, "a", "b"), -1), {
    ready: new Map([["a", 1], ["b", 2]]),
    leaving: [],
  });
  assertEquals(cells.assign(view(2, "b", "c", "a"), 1).ready.get("b"), 2);
  assertEquals(cells.assign(view(3, "c"), 2).leaving, [1, 2]);
});

Deno.test("a cell is reclaimed when no worker routes to its instance, and nothing is in flight", () => {
  const memory = sharedLoads(2);
  const cells = new LoadCells(memory);
  const counted = new LoadCell(memory, 1, 1, true);
  cells.assign(view(1, "a"), -1);
  counted.enter();
  assertEquals(cells.inFlight("a"), 1);
  assertEquals(cells.assign(view(2, "b"), 1), { ready: new Map([["b", 2]]), leaving: [1] });
  // Nothing is in flight, but a worker may still route to the instance.
  counted.leave();
  assertEquals(cells.assign(view(3, "b", "c"), 1), {
    ready: new Map([["b", 2], ["c", 3]]),
    leaving: [1],
  });
  // No worker routes to it, but a request is in flight again.
  counted.enter();
  assertEquals(cells.assign(view(4, "b"), 3).leaving, [1, 3]);
  counted.leave();
  assertEquals(cells.assign(view(5, "b", "d"), 4), {
    ready: new Map([["b", 2], ["d", 3]]),
    leaving: [],
  });
  assertEquals(cells.assign(view(6, "b", "d", "e"), 5).ready.get("e"), 1);
  assertEquals(cells.inFlight("a"), 0);
});

Deno.test("an instance that returns keeps its cell", () => {
  const memory = sharedLoads(1);
  const cells = new LoadCells(memory);
  cells.assign(view(1, "a"), -1);
  new LoadCell(memory, 0, 1, true).enter();
  cells.assign(view(2, "b"), 1);
  assertEquals(cells.assign(view(3, "b", "a"), 2), {
    ready: new Map([["b", 2], ["a", 1]]),
    leaving: [],
  });
  assertEquals(cells.inFlight("a"), 1);
});
