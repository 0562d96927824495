import { assertEquals } from "@std/assert";
import type { FailureCost } from "../../view.ts";
import type { Incident } from "./incident.ts";
import { Incidents } from "./incidents.ts";
import { type Member, newMember } from "../member/member.ts";

/** The epoch is the clock's start. */
const CLOCK = { wallClock: (instant: number) => instant };

const READY: Member = {
  ...newMember({ name: "S", joined: true }, 0),
  phase: "ready",
  instance: {
    id: "i1",
    name: "S",
    spare: false,
    address: { hostname: "127.0.0.1", port: 1 },
    startedAt: 0,
  },
};
const { instance: _, ...REST } = READY;
const GONE: Member = { ...REST, phase: "waiting", lastError: { at: 0, message: "exit code 1" } };
const STARTED: Member = {
  ...READY,
  phase: "warming",
  instance: { ...READY.instance!, id: "i2" },
};
const BACK: Member = { ...STARTED, phase: "ready" };

function costs(changes: Partial<FailureCost>): FailureCost {
  return {
    name: "S",
    held: 0,
    retried: 0,
    spilled: 0,
    lost: 0,
    broken: 0,
    longestHoldMs: 0,
    ...changes,
  };
}

function harness() {
  const ended: Incident[] = [];
  return { ended, incidents: new Incidents(CLOCK, (incident) => ended.push(incident)) };
}

/** A failure that is healed within 40 ms. */
function heal(incidents: Incidents, at = 0): void {
  incidents.changed(READY, GONE, at);
  incidents.published(2, at);
  incidents.applied(2, at + 3);
  incidents.creating("S", at + 4);
  incidents.changed(GONE, STARTED, at + 20);
  incidents.changed(STARTED, BACK, at + 30);
  incidents.published(3, at + 30);
  incidents.applied(3, at + 40);
}

Deno.test("an incident ends when every worker routes to the replacement", () => {
  const { incidents, ended } = harness();
  heal(incidents, 100);
  const [incident] = ended;
  assertEquals(
    [incident?.ejectedAt, incident?.unroutedAt, incident?.createAt, incident?.readyAt],
    [100, 103, 104, 130],
  );
  assertEquals([incident?.releasedAt, incident?.replacement], [140, "i2"]);
});

Deno.test("an incident begins with the first evidence against the instance", () => {
  const { incidents } = harness();
  const evidence = { name: "S", instance: "i1", fresh: true, key: "k" };
  incidents.evidence({ ...evidence, kind: "slow" }, 50);
  incidents.evidence({ ...evidence, kind: "reset" }, 60);
  incidents.evidence({ ...evidence, instance: "other", kind: "refused" }, 70);
  incidents.changed(READY, GONE, 100);
  const [incident] = incidents.all;
  assertEquals([incident?.at, incident?.signalAt, incident?.evidence], [50, 100, {
    slow: 1,
    reset: 1,
  }]);
});

Deno.test("costs belong to the incident of their replica, also shortly after its end", () => {
  const { incidents } = harness();
  incidents.changed(READY, GONE, 0);
  incidents.count([costs({ held: 2, longestHoldMs: 30 }), costs({ name: "T", held: 9 })], 10);
  heal(incidents, 20);
  incidents.count([costs({ held: 1, spilled: 1, longestHoldMs: 20 })], 70);
  incidents.count([costs({ held: 5 })], 9000);
  const [last, first] = incidents.all;
  assertEquals([first?.costs.held, last?.costs.held, last?.costs.spilled], [2, 1, 1]);
});

Deno.test("a replacement that fails before it is ready belongs to the same incident", () => {
  const { incidents, ended } = harness();
  incidents.changed(READY, GONE, 0);
  incidents.changed(GONE, STARTED, 10);
  incidents.changed(STARTED, GONE, 15);
  assertEquals([ended.length, incidents.all.length], [0, 1]);
});

Deno.test("the last hundred are kept, the newest first", () => {
  const { incidents } = harness();
  for (let k = 0; k < 120; k++) heal(incidents, 1000 * k);
  assertEquals([incidents.all.length, incidents.all[0]?.id, incidents.all[99]?.id], [100, 120, 21]);
});
