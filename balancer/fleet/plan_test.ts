import { assertEquals } from "@std/assert";
import type { Instance } from "../engine/engine.ts";
import { type Member, newMember, type Phase } from "./member.ts";
import { nextDeadline, plan } from "./plan.ts";
import type { FleetPolicy } from "./policy.ts";
import { testPolicy } from "./testing.ts";

const instance: Instance = {
  id: "i1",
  name: "S",
  address: { hostname: "127.0.0.1", port: 9001 },
  startedAt: 0,
};

function member(phase: Phase, changes: Partial<Member> = {}): Member {
  const running = phase === "waiting" || phase === "starting" ? {} : { instance };
  return { ...newMember("S", true, 0), phase, ...running, ...changes };
}

/** What is planned for one member, as words. */
function planned(one: Member, policy: Partial<FleetPolicy> = {}, engineUp = true): string[] {
  return plan([one], 100, testPolicy(policy), engineUp).map((action) => action.type);
}

Deno.test("each phase has its action", () => {
  const table: [Phase, string[]][] = [
    ["waiting", ["start"]],
    ["starting", []],
    ["warming", []],
    ["ready", []],
    ["down", ["stop"]],
    ["draining", ["drain"]],
    ["retiring", ["stop"]],
  ];
  for (const [phase, actions] of table) assertEquals(planned(member(phase)), actions, phase);
});

Deno.test("nothing is planned for a member that an action is under way for", () => {
  for (const phase of ["waiting", "down", "draining", "retiring"] as const) {
    assertEquals(planned(member(phase, { busy: true })), []);
  }
});

Deno.test("nothing is started or stopped before its time, nor while the engine is away", () => {
  assertEquals(planned(member("waiting", { notBefore: 101 })), []);
  assertEquals(planned(member("waiting", { notBefore: 100 })), ["start"]);
  assertEquals(planned(member("down"), {}, false), []);
  assertEquals(planned(member("draining"), {}, false), ["drain"]);
});

Deno.test("what is not ours to replace, or not proven dead, is left alone", () => {
  assertEquals(planned(member("down"), { replaces: false }), []);
  assertEquals(planned(member("down"), { probes: false }), []);
});

Deno.test("a replica that failed is killed, one that leaves gets its grace", () => {
  const graces = [member("down"), member("retiring")].map((one) =>
    plan([one], 0, testPolicy({ stopGraceMs: 700 }), true)
  );
  assertEquals(graces.flat().map((action) => "graceMs" in action && action.graceMs), [0, 700]);
});

Deno.test("the next deadline is the earliest that is still to come", () => {
  const policy = testPolicy({ startTimeoutMs: 5000 });
  const members = [
    member("waiting", { notBefore: 50 }),
    member("waiting", { notBefore: 900 }),
    member("warming", { since: 10 }),
    member("ready"),
  ];
  assertEquals(nextDeadline(members, 100, policy), 900);
  assertEquals(nextDeadline(members, 900, policy), 5010);
  assertEquals(nextDeadline([member("ready")], 0, policy), Infinity);
});
