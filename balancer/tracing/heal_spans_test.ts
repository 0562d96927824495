import { assertEquals } from "@std/assert";
import { type Incident, NO_COSTS } from "../fleet/incidents/incident.ts";
import { EventLog } from "../fleet/incidents/event_log.ts";
import { traceHeals } from "./heal_spans.ts";
import { type EndedSpan, withSpans } from "./testing.ts";
import { openTracing } from "./tracing.ts";

async function spansOf(incident: Incident): Promise<readonly EndedSpan[]> {
  let spans: readonly EndedSpan[] = [];
  await withSpans((tracing, ended) => {
    spans = ended;
    const eventLog = new EventLog({ wallClock: (instant) => instant });
    const stop = traceHeals(eventLog, tracing);
    eventLog.add({ type: "engine", at: 0, up: true });
    eventLog.add({ type: "incident", at: 0, incident });
    stop();
    eventLog.add({ type: "incident", at: 0, incident });
  });
  return spans;
}

const FAILED: Incident = {
  id: 7,
  name: "S",
  instance: "i1",
  served: true,
  failedStarts: 0,
  signal: "exit code 137",
  evidence: {},
  at: 1000,
  signalAt: 1004,
  ejectedAt: 1004,
  unroutedAt: 1006,
  createAt: 1005,
  spare: false,
  costs: { ...NO_COSTS, held: 3 },
};

Deno.test("a heal has a span for each phase that ended", async () => {
  const healed = { startedAt: 1060, readyAt: 1090, releasedAt: 1092, replacement: "i2" };
  const spans = await spansOf({ ...FAILED, ...healed });
  assertEquals(spans.map(({ name, from, to }) => [name, from, to]), [
    ["detect", 1000, 1004],
    ["eject", 1004, 1006],
    ["wait", 1004, 1005],
    ["start", 1005, 1060],
    ["warm", 1060, 1090],
    ["release", 1090, 1092],
    ["heal", 1000, 1092],
  ]);
  const { attributes, failed } = spans.at(-1)!;
  assertEquals(
    [failed, attributes?.["ringkeeper.cause"], attributes?.["ringkeeper.requests.held"]],
    [
      false,
      "exit code 137",
      3,
    ],
  );
});

Deno.test("a heal that broke off ends with its known steps, and as failed", async () => {
  const spans = await spansOf(FAILED);
  const heal = spans.at(-1);
  assertEquals(spans.map(({ name }) => name), ["detect", "eject", "wait", "heal"]);
  assertEquals([heal?.to, heal?.failed], [1006, true]);
});

Deno.test("nothing is traced if OpenTelemetry is off", async () => {
  assertEquals(await openTracing(), undefined);
});
