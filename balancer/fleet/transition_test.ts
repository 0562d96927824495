import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import type { Instance } from "../engine/engine.ts";
import { inView, type Member, newMember } from "./member.ts";
import type { FleetPolicy } from "./policy.ts";
import { RETRY_WITHOUT_PROBES_MS } from "./policy.ts";
import { type MemberEvent, transition } from "./transition.ts";
import { testPolicy } from "./testing.ts";

const instance: Instance = {
  id: "i1",
  name: "Server1",
  address: { hostname: "127.0.0.1", port: 9001 },
  startedAt: 0,
};

/** A member brought through events, one millisecond apart. */
function after(events: MemberEvent[], policy: FleetPolicy = testPolicy()): Member {
  let member: Member | undefined = newMember("Server1", true, 0);
  for (const [at, event] of events.entries()) {
    assert(member, `gone before ${event.type}`);
    member = transition(member, event, at, policy);
  }
  assert(member, "gone at the end");
  return member;
}

const started: MemberEvent[] = [
  { type: "issued", action: "start" },
  { type: "started", instance },
];
const ready: MemberEvent[] = [...started, { type: "probe", id: "i1" }];
const missed: MemberEvent = { type: "probe", id: "i1", reason: "no answer" };

Deno.test("a started instance is not in the view before its first passed heartbeat", () => {
  assertEquals(after(started).phase, "warming");
  assert(!inView(after(started)));
  assert(inView(after(ready)));
});

Deno.test("without probes a started instance is in the view at once", () => {
  assert(inView(after(started, testPolicy({ probes: false }))));
});

Deno.test("one missed heartbeat is noted, the second in a row makes the replica down", () => {
  const once = after([...ready, missed]);
  assertEquals([once.phase, once.misses], ["ready", 1]);
  const twice = after([...ready, missed, missed]);
  assertEquals([twice.phase, inView(twice)], ["down", false]);
  assertEquals(twice.lastError?.message, "heartbeat: no answer");
});

Deno.test("a passed heartbeat forgives a missed one", () => {
  const member = after([...ready, missed, { type: "probe", id: "i1" }, missed]);
  assertEquals([member.phase, member.misses], ["ready", 1]);
});

Deno.test("an exit leads straight to waiting, with the reason kept", () => {
  const member = after([...ready, { type: "exit", id: "i1", reason: "exit code 137" }]);
  assertEquals(member.phase, "waiting");
  assertEquals(member.instance, undefined);
  assertEquals(member.restarts, 1);
  assertEquals(member.lastError?.message, "exit code 137");
});

Deno.test("events about another instance change nothing", () => {
  const member = after(ready);
  const stale: MemberEvent[] = [
    { type: "probe", id: "i0", reason: "x" },
    { type: "exit", id: "i0", reason: "x" },
    { type: "evidence", id: "i0", kind: "refused" },
    { type: "stopped", id: "i0" },
    { type: "stop-failed", id: "i0", message: "x" },
    { type: "drained", id: "i0" },
  ];
  for (const event of stale) {
    assertStrictEquals(transition(member, event, 9, testPolicy()), member);
  }
});

Deno.test("a refused connection makes a replica down at once, a reset one is left to its heartbeat", () => {
  assertEquals(after([...ready, { type: "evidence", id: "i1", kind: "refused" }]).phase, "down");
  assertEquals(after([...ready, { type: "evidence", id: "i1", kind: "reset" }]).phase, "ready");
});

Deno.test("without probes any failed connection counts, for a second", () => {
  const policy = testPolicy({ probes: false });
  const down = after([...started, { type: "evidence", id: "i1", kind: "reset" }], policy);
  assertEquals(down.phase, "down");
  const soon = transition(down, { type: "tick" }, down.since + 999, policy);
  assertEquals(soon?.phase, "down");
  const later = transition(down, { type: "tick" }, down.since + RETRY_WITHOUT_PROBES_MS, policy);
  assertEquals(later?.phase, "ready");
});

Deno.test("a replica that is down and still runs is ready again when its heartbeat passes", () => {
  const member = after([...ready, missed, missed, { type: "probe", id: "i1" }]);
  assertEquals(member.phase, "ready");
});

Deno.test("a replica whose stop is under way does not come back by a late heartbeat", () => {
  const stopping: MemberEvent = { type: "issued", action: "stop" };
  const member = after([...ready, missed, missed, stopping, { type: "probe", id: "i1" }]);
  assertEquals(member.phase, "down");
});

Deno.test("short lives in a row make the next start wait, longer each time up to the bound", () => {
  const policy = testPolicy({ backoffMs: 100, backoffMaxMs: 250 });
  let member: Member | undefined = newMember("Server1", true, 0);
  const waits: number[] = [];
  for (let life = 1; life <= 6; life++) {
    for (const event of [...started, { type: "exit", id: "i1", reason: "x" }] as MemberEvent[]) {
      member = member && transition(member, event, 1000, policy);
    }
    waits.push((member?.notBefore ?? 0) - 1000);
  }
  assertEquals(waits, [0, 0, 100, 200, 250, 250]);
});

Deno.test("a healthy spell clears the count of short lives", () => {
  const policy = testPolicy({ healthySpellMs: 50 });
  const worn = { ...after(ready, policy), shortLives: 7 };
  const died = transition(worn, { type: "exit", id: "i1", reason: "x" }, worn.since + 50, policy);
  assertEquals(died?.shortLives, 1);
});

Deno.test("an engine that is away costs the replica no life", () => {
  const away: MemberEvent = { type: "start-failed", message: "no socket", kind: "away" };
  const member = after([{ type: "issued", action: "start" }, away]);
  assertEquals([member.phase, member.busy, member.shortLives], ["waiting", false, 0]);
});

Deno.test("an instance that does not become ready in time is down", () => {
  const policy = testPolicy({ startTimeoutMs: 100 });
  const member = transition(after(started, policy), { type: "tick" }, 101, policy);
  assertEquals(member?.phase, "down");
  assertEquals(member?.lastError?.message, "not ready 100 ms after its start");
});

Deno.test("a removed replica drains, is stopped and is gone", () => {
  const policy = testPolicy();
  const draining = after([...ready, { type: "leave" }]);
  assertEquals([draining.phase, inView(draining)], ["draining", false]);
  const retiring = transition(draining, { type: "drained", id: "i1" }, 9, policy);
  assertEquals(retiring?.phase, "retiring");
  assertEquals(
    retiring && transition(retiring, { type: "stopped", id: "i1" }, 9, policy),
    undefined,
  );
});

Deno.test("a replica that is removed while it starts is stopped as soon as it has started", () => {
  const member = after([
    { type: "issued", action: "start" },
    { type: "leave" },
    { type: "started", instance },
  ]);
  assertEquals(member.phase, "retiring");
});

Deno.test("a replica that is removed while nothing runs is gone at once", () => {
  const member = newMember("Server1", true, 0);
  assertEquals(transition(member, { type: "leave" }, 0, testPolicy()), undefined);
});

Deno.test("a stop that failed is tried again after a while", () => {
  const stopping: MemberEvent = { type: "issued", action: "stop" };
  const failed: MemberEvent = { type: "stop-failed", id: "i1", message: "daemon says no" };
  const member = after([...ready, missed, missed, stopping, failed]);
  assertEquals([member.phase, member.busy], ["down", false]);
  assert(member.notBefore > 6);
});
