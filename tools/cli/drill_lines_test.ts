import { assertEquals } from "@std/assert";
import { drillLines } from "./drill_lines.ts";
import { incident } from "./testing.ts";

const LOAD = { requests: 700, lost: 2, statuses: {}, p50Ms: 5.6, p99Ms: 216, slowestMs: 1272 };

Deno.test("drill: the report has the verdict, the missed objectives and the healing times", () => {
  const report = {
    passed: false,
    missed: ["2 requests were lost; at most 0 may be"],
    objective: { lost: 0, fullRingMs: 5000, p99Ms: undefined },
    load: LOAD,
    incident: incident(),
  };
  assertEquals(drillLines(report), [
    "not passed:",
    "  2 requests were lost; at most 0 may be",
    "load: 700 requests, 2 lost; p50 5.6 ms, p99 216 ms, slowest 1.3 s",
    "Server2: exit 137; out after 3.0 ms, ready again after 60 ms, ring full after 64 ms; 3 " +
    "requests waited",
  ]);
  assertEquals(drillLines({ ...report, passed: true, missed: [], incident: null }).length, 2);
});
