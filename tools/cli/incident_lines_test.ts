import { assertEquals } from "@std/assert";
import { incidentLine, incidentLines } from "./incident_lines.ts";
import { NO_PAINT } from "./paint.ts";
import { HEALED, incident, NOW } from "./testing.ts";

const LOOK = { paint: NO_PAINT, width: Infinity };
const UNHEALED = incident({ endedAt: null, timings: { ...HEALED, ready: null, release: null } });

Deno.test("incidents: one line each, a dash for a step that has not happened", () => {
  assertEquals(incidentLines([UNHEALED, incident()], LOOK), [
    "REPLICA  AT                        OUT MS  READY MS  FULL MS  HELD  LOST  SIGNAL",
    "Server2  2026-11-23T19:59:48.000Z       3         –        –     3     0  exit 137",
    "Server2  2026-11-23T19:59:48.000Z       3        60       64     3     0  exit 137",
  ]);
});

Deno.test("incidents: an empty list is a sentence", () => {
  assertEquals(incidentLines([], LOOK), ["no incidents"]);
});

Deno.test("incidents: the line of the last incident says whether it is healed", () => {
  assertEquals(
    incidentLine(incident(), NOW),
    "Server2 failed 12 s ago, healed after 64 ms, 3 held, 0 lost: exit 137",
  );
  assertEquals(
    incidentLine(UNHEALED, NOW),
    "Server2 failed 12 s ago, not healed yet, 3 held, 0 lost: exit 137",
  );
  assertEquals(
    incidentLine({ ...UNHEALED, endedAt: incident().endedAt }, NOW),
    "Server2 failed 12 s ago, gone before it was healed, 3 held, 0 lost: exit 137",
  );
});
