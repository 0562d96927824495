import { assertEquals } from "@std/assert";
import type { Instance } from "../../engine/engine.ts";
import { testPolicy } from "../testing.ts";
import { type Member, newMember } from "./member.ts";
import { reserve } from "./reservations.ts";
import { matchSpares, promote, type SpareRules } from "./takeover.ts";
import { transition } from "./transition.ts";

const CONTEXT = { now: 1000, policy: testPolicy() };

function instance(id: string, machine: string): Instance {
  return { id, name: id, spare: true, address: { hostname: id, port: 1 }, startedAt: 0, machine };
}

function spare(name: string, machine: string): Member {
  const member = newMember({ name, spare: true }, 0);
  return { ...member, phase: "ready", proven: true, instance: instance(name, machine) };
}

function failed(name: string, since = 1000): Member {
  return { ...newMember({ name, joined: true }, 0), since };
}

function pairs(members: readonly Member[], rules: SpareRules): string[] {
  return matchSpares(members, CONTEXT, rules).map(({ target, spare }) =>
    `${target.name}=${spare.name}`
  );
}

function placed(name: string, machine: string) {
  return { name, instance: name, machine };
}

const SPARES = [spare("A", "m2"), spare("B", "m3")];

const RULES: SpareRules = {
  reservations: reserve(
    ["S1", "S2", "S3"].map((name) => placed(name, "m1")),
    [placed("A", "m2"), placed("B", "m3")],
  ),
  replacesDown: true,
  othersAfterMs: 2000,
  suspectMachines: [],
};

Deno.test("each replica gets the reserved spare, in whichever order the failures are found", () => {
  assertEquals(pairs([failed("S2"), ...SPARES], RULES), ["S2=B"]);
  assertEquals(pairs([failed("S2"), failed("S1"), ...SPARES], RULES), ["S2=B", "S1=A"]);
});

Deno.test("a replica without a reserved spare gets one that is left, after a while", () => {
  assertEquals(pairs([failed("S3"), ...SPARES], RULES), []);
  assertEquals(pairs([failed("S3", -1000), ...SPARES], RULES), ["S3=A"]);
  assertEquals(pairs([failed("S3"), ...SPARES], { ...RULES, othersAfterMs: 0 }), ["S3=A"]);
});

Deno.test("spares on a suspect machine come last", () => {
  const rules = { ...RULES, othersAfterMs: 0, suspectMachines: ["m2"] };
  assertEquals(pairs([failed("S3"), ...SPARES], rules), ["S3=B"]);
  assertEquals(pairs([failed("S3"), SPARES[0]!], rules), ["S3=A"]);
});

Deno.test("an instance that is down is replaced by a spare only while no other one is started", () => {
  const down: Member = {
    ...failed("S1"),
    ...{ phase: "down", mustReplace: true, instance: instance("S1", "m1") },
  };
  assertEquals(pairs([down, ...SPARES], RULES), ["S1=A"]);
  assertEquals(pairs([down, ...SPARES], { ...RULES, replacesDown: false }), []);
});

Deno.test("a spare that stands in and misses two heartbeats is down, long before a start would time out", () => {
  const promoted = promote({ target: failed("S1"), spare: SPARES[0]! }, CONTEXT);
  const miss = { type: "probe", id: "A", reason: "no answer", mayEject: true } as const;
  const once = transition(promoted, miss, CONTEXT)!;
  assertEquals(once.phase, "warming");
  const twice = transition(once, miss, CONTEXT)!;
  assertEquals([twice.phase, twice.mustReplace], ["down", true]);
});
