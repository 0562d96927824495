import { assertEquals } from "@std/assert";
import { eventLine } from "./event_lines.ts";
import { NO_PAINT } from "./paint.ts";
import { incident, NOW } from "./testing.ts";

const any = { id: 1, at: NOW };

Deno.test("events: a line has the time, the kind and the details", () => {
  const lines = [
    eventLine({ ...any, type: "replica", name: "A", from: "ready", to: "down" }, NO_PAINT),
    eventLine({ ...any, type: "view", version: 8, ready: [], awaited: ["A"] }, NO_PAINT),
    eventLine({ ...any, type: "view", version: 9, ready: ["A", "B"], awaited: [] }, NO_PAINT),
    eventLine({ ...any, type: "engine", up: false }, NO_PAINT),
    eventLine({ ...any, type: "incident", incident: incident() }, NO_PAINT),
    eventLine({ ...any, type: "deploy", step: "starting", name: "A" }, NO_PAINT),
  ];
  assertEquals(lines, [
    "2026-11-23T20:00:00.000Z replica  A: ready -> down",
    "2026-11-23T20:00:00.000Z view     version 8, ready: none, awaited: A",
    "2026-11-23T20:00:00.000Z view     version 9, ready: A, B",
    "2026-11-23T20:00:00.000Z engine   does not answer",
    "2026-11-23T20:00:00.000Z incident Server2: healed after 64 ms, 3 held, 0 lost (exit 137)",
    "2026-11-23T20:00:00.000Z deploy   starting A",
  ]);
});

Deno.test("events: replicas' output is one line without escape codes", () => {
  const event = {
    ...any,
    type: "replica",
    name: "A",
    from: "ready",
    to: "down",
    reason: "exit 1\n\x1b[2Jgone",
  } as const;
  assertEquals(eventLine(event, NO_PAINT).endsWith("A: ready -> down (exit 1 gone)"), true);
});
