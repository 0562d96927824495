import { assertEquals } from "@std/assert";
import type { Instance } from "../../engine/engine.ts";
import { type Member, newMember, type Phase, type RetiringInstance } from "../member/member.ts";
import { type Capacity, nextDeadline, planActions } from "./actions.ts";
import type { FleetPolicy } from "../member/policy.ts";
import { testPolicy } from "../testing.ts";

const instance: Instance = {
  id: "i1",
  name: "S",
  spare: false,
  address: { hostname: "127.0.0.1", port: 9001 },
  startedAt: 0,
};

function member(phase: Phase, changes: Partial<Member> = {}): Member {
  const running = phase === "waiting" || phase === "starting" ? {} : { instance };
  return { ...newMember({ name: "S", joined: true }, 0), phase, ...running, ...changes };
}

/** Returns the types of the actions that are planned for one member. */
function planned(
  one: Member,
  policy: Partial<FleetPolicy> = {},
  capacity: Partial<Capacity> = {},
): string[] {
  const all = { engineUp: true, starts: 9, ...capacity };
  return planActions([one], { now: 100, policy: testPolicy(policy) }, all).map((action) =>
    action.type
  );
}

function retiring(changes: Partial<RetiringInstance> = {}): RetiringInstance {
  const base = { id: "i0", graceMs: 700, collectOutput: false, busy: false, notBefore: 0 };
  return { stage: "stop", ...base, ...changes };
}

Deno.test("each phase has its action", () => {
  const table: [Phase, string[]][] = [
    ["waiting", ["start"]],
    ["starting", []],
    ["warming", []],
    ["ready", []],
    ["down", []],
  ];
  for (const [phase, actions] of table) {
    assertEquals(planned(member(phase, { mustReplace: phase === "down" })), actions, phase);
  }
});

Deno.test("retiring instances are removed in parallel with other actions", () => {
  assertEquals(planned(member("waiting", { retiring: [retiring()] })), ["stop", "start"]);
  assertEquals(planned(member("leaving", { retiring: [retiring({ stage: "drain" })] })), ["drain"]);
  const both = [retiring({ stage: "drain" }), retiring({ id: "i2" })];
  assertEquals(planned(member("ready", { retiring: both })), ["drain", "stop"]);
});

Deno.test("no action is planned twice", () => {
  assertEquals(planned(member("waiting", { busy: true })), []);
  assertEquals(planned(member("leaving", { retiring: [retiring({ busy: true })] })), []);
  assertEquals(planned(member("ready", { naming: "in progress" })), []);
  assertEquals(planned(member("ready", { naming: "due" })), ["rename"]);
});

Deno.test("nothing is started or stopped before its time, nor while the engine is away", () => {
  assertEquals(planned(member("waiting", { notBefore: 101 })), []);
  assertEquals(planned(member("waiting", { notBefore: 100 })), ["start"]);
  assertEquals(planned(member("leaving", { retiring: [retiring({ notBefore: 101 })] })), []);
  const away = { engineUp: false };
  assertEquals(planned(member("down"), {}, away), []);
  assertEquals(planned(member("leaving", { retiring: [retiring()] }), {}, away), []);
  const draining = [retiring({ stage: "drain" })];
  assertEquals(planned(member("leaving", { retiring: draining }), {}, away), ["drain"]);
});

Deno.test("instances of others, and those not proven dead, are left alone", () => {
  assertEquals(planned(member("down"), { replaces: false }), []);
  assertEquals(planned(member("down"), { probes: false }), []);
});

Deno.test("an exhausted start budget delays replacements, not first starts", () => {
  const none = { starts: 0 };
  assertEquals(planned(member("waiting"), {}, none), ["start"]);
  assertEquals(planned(member("waiting", { restarts: 1 }), {}, none), []);
  const two = [member("waiting", { restarts: 1 }), member("waiting", { shortLives: 1 })];
  const capacity = { engineUp: true, starts: 1 };
  assertEquals(planActions(two, { now: 100, policy: testPolicy() }, capacity).length, 1);
});

Deno.test("no spare is started while a replica is healing", () => {
  const spare = member("waiting", { name: "spare.1", spare: true, joined: false });
  const names = (members: Member[]) =>
    planActions(members, { now: 100, policy: testPolicy() }, { engineUp: true, starts: 9 }).map((
      { name },
    ) => name);
  assertEquals(names([member("ready"), spare]), ["spare.1"]);
  assertEquals(names([member("warming", { since: 90 }), spare]), []);
  assertEquals(names([member("warming", { since: -10_000 }), spare]), ["spare.1"]);
  assertEquals(names([member("waiting"), spare]), ["S"]);
});

Deno.test("a spare is started without a name, a successor under the name that it takes over", () => {
  const launches = [
    member("waiting", { name: "spare.1", spare: true, joined: false }),
    member("waiting", {
      name: "S.next",
      joined: false,
      successorOf: "S",
      template: { image: "new" },
    }),
  ].flatMap((one) =>
    planActions([one], { now: 100, policy: testPolicy() }, { engineUp: true, starts: 1 })
  );
  assertEquals(launches.map((action) => action.type === "start" && action.launch), [
    { name: "spare.1", spare: true, template: {} },
    { name: "S", spare: false, template: { image: "new" } },
  ]);
});

Deno.test("the next deadline is the earliest one in the future", () => {
  const policy = testPolicy({ startTimeoutMs: 5000 });
  const members = [
    member("waiting", { notBefore: 50 }),
    member("waiting", { notBefore: 900 }),
    member("warming", { since: 10 }),
    member("ready"),
  ];
  assertEquals(nextDeadline(members, { now: 100, policy }), 900);
  assertEquals(nextDeadline(members, { now: 900, policy }), 5010);
  assertEquals(nextDeadline([member("ready")], { now: 0, policy }), Infinity);
});
