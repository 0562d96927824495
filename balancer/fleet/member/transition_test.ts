import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import type { Instance } from "../../engine/engine.ts";
import { inView, type Member, newMember } from "./member.ts";
import type { FleetPolicy } from "./policy.ts";
import { RETRY_WITHOUT_PROBES_MS } from "./policy.ts";
import { type MemberEvent, transition } from "./transition.ts";
import { testPolicy } from "../testing.ts";

const instance: Instance = {
  id: "i1",
  name: "Server1",
  spare: false,
  address: { hostname: "127.0.0.1", port: 9001 },
  startedAt: 0,
};

/** Applies events to a new member, one millisecond apart. */
function after(events: MemberEvent[], policy: FleetPolicy = testPolicy()): Member {
  let member: Member | undefined = newMember({ name: "Server1", joined: true }, 0);
  for (const [at, event] of events.entries()) {
    assert(member, `gone before ${event.type}`);
    member = transition(member, event, { now: at, policy });
  }
  assert(member, "gone at the end");
  return member;
}

const started: MemberEvent[] = [
  { type: "starting" },
  { type: "started", instance },
];
const ready: MemberEvent[] = [...started, { type: "probe", id: "i1", mayEject: true }];
const missed: MemberEvent = { type: "probe", id: "i1", reason: "no answer", mayEject: true };

Deno.test("a started instance is not in the view before its first passed heartbeat", () => {
  assertEquals(after(started).phase, "warming");
  assert(!inView(after(started)));
  assert(inView(after(ready)));
});

Deno.test("without probes a started instance is in the view at once", () => {
  assert(inView(after(started, testPolicy({ probes: false }))));
});

Deno.test("one missed heartbeat is recorded, the second in a row takes the replica down", () => {
  const once = after([...ready, missed]);
  assertEquals([once.phase, once.misses], ["ready", 1]);
  const twice = after([...ready, missed, missed]);
  assertEquals([twice.phase, inView(twice)], ["down", false]);
  assertEquals(twice.lastError?.message, "heartbeat: no answer");
});

Deno.test("a passed heartbeat resets the count of missed ones", () => {
  const member = after([...ready, missed, { type: "probe", id: "i1", mayEject: true }, missed]);
  assertEquals([member.phase, member.misses], ["ready", 1]);
});

Deno.test("an exit leads directly to waiting, and the reason is kept", () => {
  const member = after([...ready, { type: "exit", id: "i1", reason: "exit code 137" }]);
  assertEquals(member.phase, "waiting");
  assertEquals(member.instance, undefined);
  assertEquals(member.restarts, 1);
  assertEquals(member.lastError?.message, "exit code 137");
});

Deno.test("events about another instance change nothing", () => {
  const member = after(ready);
  const stale: MemberEvent[] = [
    { type: "probe", id: "i0", reason: "x", mayEject: true },
    { type: "exit", id: "i0", reason: "x" },
    { type: "evidence", id: "i0", kind: "refused", fresh: true },
    { type: "stopped", id: "i0" },
    { type: "stop-failed", id: "i0", message: "x" },
    { type: "drained", id: "i0" },
  ];
  for (const event of stale) {
    assertStrictEquals(transition(member, event, { now: 9, policy: testPolicy() }), member);
  }
});

Deno.test("a refused connection takes a replica down at once; after a reset one the heartbeat decides", () => {
  assertEquals(
    after([...ready, { type: "evidence", id: "i1", kind: "refused", fresh: true }]).phase,
    "down",
  );
  assertEquals(
    after([...ready, { type: "evidence", id: "i1", kind: "reset", fresh: true }]).phase,
    "ready",
  );
});

Deno.test("without probes no failure that a request can provoke counts", () => {
  const policy = testPolicy({ probes: false });
  const member = after(started, policy);
  for (const kind of ["reset", "timeout", "malformed", "slow"] as const) {
    const event: MemberEvent = { type: "evidence", id: "i1", kind, fresh: true };
    assertStrictEquals(transition(member, event, { now: 9, policy }), member, kind);
  }
});

Deno.test("without probes a connection that cannot be made counts, for a second", () => {
  const policy = testPolicy({ probes: false });
  const down = after(
    [...started, { type: "evidence", id: "i1", kind: "timeout", fresh: true, unreachable: true }],
    policy,
  );
  assertEquals(down.phase, "down");
  const soon = transition(down, { type: "tick", mayEject: true }, {
    now: down.since + 999,
    policy,
  });
  assertEquals(soon?.phase, "down");
  const later = transition(
    down,
    { type: "tick", mayEject: true },
    { now: down.since + RETRY_WITHOUT_PROBES_MS, policy },
  );
  assertEquals(later?.phase, "ready");
});

Deno.test("a replica that is down and still runs is ready again when its heartbeat passes", () => {
  const member = after([...ready, missed, missed, { type: "probe", id: "i1", mayEject: true }]);
  assertEquals(member.phase, "ready");
});

Deno.test("a late heartbeat does not bring back a replica that is being replaced", () => {
  const replace: MemberEvent = { type: "replace", id: "i1" };
  const late: MemberEvent = { type: "probe", id: "i1", mayEject: true };
  const member = after([...ready, missed, missed, replace, late]);
  assertEquals([member.phase, member.instance], ["waiting", undefined]);
  assertEquals(member.retiring.map(({ id, stage, graceMs }) => [id, stage, graceMs]), [
    ["i1", "stop", 0],
  ]);
});

Deno.test("an instance is replaced only if it is down for good and its backoff is over", () => {
  const replace: MemberEvent = { type: "replace", id: "i1" };
  const policy = testPolicy();
  const down = after([...ready, missed, missed]);
  const at = (now: number, changes: Partial<FleetPolicy> = {}) =>
    transition(down, replace, { now, policy: { ...policy, ...changes } })?.phase;
  assertEquals([at(down.notBefore - 1), at(down.notBefore)], ["down", "waiting"]);
  assertEquals(at(down.notBefore, { replaces: false }), "down");
  assertEquals(transition(after(ready), replace, { now: 9, policy })?.phase, "ready");
});

Deno.test("after a reset connection or a slow response one missed heartbeat is enough", () => {
  for (const kind of ["reset", "slow", "timeout"] as const) {
    const suspect: MemberEvent = { type: "evidence", id: "i1", kind, fresh: true };
    assertEquals(after([...ready, suspect]).phase, "ready", kind);
    assertEquals(after([...ready, suspect, missed]).phase, "down", kind);
    const cleared: MemberEvent[] = [suspect, { type: "probe", id: "i1", mayEject: true }, missed];
    assertEquals(after([...ready, ...cleared]).phase, "ready", kind);
  }
});

Deno.test("a broken reused connection is no evidence against the replica", () => {
  const stale: MemberEvent = { type: "evidence", id: "i1", kind: "reset", fresh: false };
  assert(!after([...ready, stale]).suspect);
});

Deno.test("heartbeats alone take no replica down while too few others are ready", () => {
  const spared: MemberEvent = { ...missed, mayEject: false };
  const member = after([...ready, spared, spared, spared]);
  assertEquals([member.phase, member.misses], ["ready", 3]);
  assertEquals(transition(member, missed, { now: 99, policy: testPolicy() })?.phase, "down");
});

Deno.test("the last lines of an instance are kept with its own failure only", () => {
  const words: MemberEvent = { type: "output-tail", instance: "i1", lines: ["no such file"] };
  const died = after([...started, { type: "exit", id: "i1", reason: "exit code 1" }, words]);
  assertEquals(died.lastError?.outputTail, ["no such file"]);
  assertEquals(after([...ready, words]).lastError, undefined);
});

Deno.test("the exit of a failed instance is collected before the instance is removed", () => {
  const exit: MemberEvent = { type: "exit", id: "i1", reason: "x" };
  assertEquals(after([...started, exit]).retiring[0]?.collectOutput, true);
  assertEquals(after([...ready, exit]).retiring[0]?.collectOutput, true);
  assertEquals(after([...ready, { type: "leave" }]).retiring[0]?.collectOutput, false);
});

Deno.test("a failed rename is retried after a delay", () => {
  const member = { ...after(ready), naming: "due" as const };
  const renaming = transition(member, { type: "renaming", id: "i1" }, {
    now: 9,
    policy: testPolicy(),
  });
  assert(renaming);
  const failed = transition(renaming, { type: "renamed", id: "i1", failed: "no" }, {
    now: 9,
    policy: testPolicy(),
  });
  assertEquals([failed?.naming, failed?.notBefore], ["due", 1009]);
  const named = transition(renaming, { type: "renamed", id: "i1" }, {
    now: 9,
    policy: testPolicy(),
  });
  assertEquals(named?.naming, undefined);
});

Deno.test("short lives in a row delay the next start, longer each time up to the bound", () => {
  const policy = testPolicy({ backoffMs: 100, backoffMaxMs: 250 });
  let member: Member | undefined = newMember({ name: "Server1", joined: true }, 0);
  const waits: number[] = [];
  for (let life = 1; life <= 6; life++) {
    const id = `i${life}`;
    const events: MemberEvent[] = [
      { type: "starting" },
      { type: "started", instance: { ...instance, id } },
      { type: "exit", id, reason: "x" },
    ];
    for (const event of events) member = member && transition(member, event, { now: 1000, policy });
    waits.push((member?.notBefore ?? 0) - 1000);
  }
  const bounds = [[0, 0], [0, 0], [50, 100], [100, 200], [125, 250], [125, 250]];
  for (const [life, [least = 0, most = 0]] of bounds.entries()) {
    const wait = waits[life] ?? -1;
    assert(wait >= least && wait <= most, `${wait} ms after life ${life + 1}`);
  }
});

Deno.test("a healthy spell clears the count of short lives", () => {
  const policy = testPolicy({ healthySpellMs: 50 });
  const lives = (shortLives: number, ms: number) => {
    const worn = { ...after(ready, policy), shortLives };
    const exit: MemberEvent = { type: "exit", id: "i1", reason: "x" };
    return transition(worn, exit, { now: worn.since + ms, policy })?.shortLives;
  };
  assertEquals([lives(1, 49), lives(1, 50)], [2, 1]);
  // The spell grows with the short lives, up to ten times the setting.
  assertEquals([lives(7, 349), lives(7, 350)], [8, 1]);
  assertEquals([lives(99, 499), lives(99, 500)], [100, 1]);
});

Deno.test("a start that fails because the engine is unreachable is no short life", () => {
  const away: MemberEvent = { type: "start-failed", message: "no socket", kind: "away" };
  const member = after([{ type: "starting" }, away]);
  assertEquals([member.phase, member.busy, member.shortLives], ["waiting", false, 0]);
});

Deno.test("a start that fails for lack of file descriptors is no short life, and is retried", () => {
  const failed: MemberEvent = { type: "start-failed", message: "EMFILE", kind: "out-of-files" };
  const member = after([{ type: "starting" }, failed]);
  assertEquals([member.phase, member.busy, member.shortLives], ["waiting", false, 0]);
  assertEquals(member.notBefore, member.since + 1000);
});

Deno.test("an instance that does not become ready in time is down", () => {
  const policy = testPolicy({ startTimeoutMs: 100 });
  const member = transition(after(started, policy), { type: "tick", mayEject: true }, {
    now: 101,
    policy,
  });
  assertEquals(member?.phase, "down");
  assertEquals(
    member?.lastError?.message,
    "not ready 100 ms after its start: no heartbeat came back",
  );
});

Deno.test("a removed replica drains, is stopped and is gone", () => {
  const policy = testPolicy();
  const draining = after([...ready, { type: "leave" }]);
  assertEquals([draining.phase, inView(draining)], ["leaving", false]);
  assertEquals(draining.retiring.map(({ id, stage }) => [id, stage]), [["i1", "drain"]]);
  const drained = transition(draining, { type: "drained", id: "i1" }, { now: 9, policy });
  assertEquals(drained?.retiring.map(({ id, stage }) => [id, stage]), [["i1", "stop"]]);
  assertEquals(
    drained && transition(drained, { type: "stopped", id: "i1" }, { now: 9, policy }),
    undefined,
  );
});

Deno.test("a replica that is removed while it starts is stopped as soon as it has started", () => {
  const member = after([
    { type: "starting" },
    { type: "leave" },
    { type: "started", instance },
  ]);
  assertEquals([member.phase, member.retiring[0]?.stage], ["leaving", "stop"]);
});

Deno.test("a replica that is removed while nothing runs is gone at once", () => {
  const member = newMember({ name: "Server1", joined: true }, 0);
  assertEquals(transition(member, { type: "leave" }, { now: 0, policy: testPolicy() }), undefined);
});

Deno.test("a failed stop is retried after a delay", () => {
  const stop: MemberEvent[] = [
    { type: "replace", id: "i1" },
    { type: "retiring", id: "i1" },
    { type: "stop-failed", id: "i1", message: "daemon says no" },
  ];
  const [retiring] = after([...ready, missed, missed, ...stop]).retiring;
  assertEquals([retiring?.busy, retiring?.stage, retiring?.notBefore], [false, "stop", 1007]);
});
