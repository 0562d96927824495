import { assertEquals } from "@std/assert";
import { NO_PAINT } from "./paint.ts";
import { ringLines } from "./ring_lines.ts";

Deno.test("ring: each replica has a row with its share, its number of arcs and its state", () => {
  const ring = {
    version: 7,
    digest: "3f67",
    layout: "even",
    hashes: "fibonacci",
    slots: 8,
    virtualServersEach: 9,
    unchanged: false,
    members: [
      { name: "A", weight: 2, ready: true, awaited: false },
      { name: "B", weight: 1, ready: false, awaited: true },
      { name: "C", weight: 0, ready: false, awaited: false },
    ],
    runs: [0, 3, 1, 2, 0, 3],
    virtualServers: [],
  };
  assertEquals(ringLines(ring, { paint: NO_PAINT, width: 80 }), [
    "ring: layout even, hashes fibonacci, 8 slots, digest 3f67, version 7",
    "",
    "REPLICA  WEIGHT  SLOTS   SHARE  ARCS  STATE",
    "A             2      6  75.0 %     2  ready",
    "B             1      2  25.0 %     1  awaited",
    "C             0      0   0.0 %     0  away",
  ]);
});
