import { assertEquals } from "@std/assert";
import type { Planned, RingFacts } from "../../balancer/answers/ring.ts";
import { changedLines, namesLine, planHint, planLines } from "./change_lines.ts";
import { NO_PAINT } from "./paint.ts";

const LOOK = { paint: NO_PAINT, width: 80 };

const BEFORE: RingFacts = {
  members: 3,
  digest: "3f67e26d74c3b26d",
  slots: 512,
  virtualServers: 9,
  layout: "even",
  hashes: "fibonacci",
  maxOverMean: 1.002,
  capacity: 512,
};

const MOVED = {
  share: 0.265,
  ids: 0.25,
  flows: [
    { from: "Server2", to: "Server4", share: 0.2 },
    { from: "Server3", to: null, share: 0.065 },
  ],
  flowsLeftOut: 3,
};

const PLAN: Planned = {
  status: "successful",
  message: {
    id: "85f3b670",
    basedOn: BEFORE.digest,
    expiresAt: "2026-11-23T19:29:44.572Z",
    add: ["Server4", "Big"],
    remove: ["Server3"],
    before: BEFORE,
    after: { ...BEFORE, members: 4, layout: "ring", digest: "694592368601a492", maxOverMean: 1.5 },
    moved: MOVED,
  },
};

Deno.test("the replicas after a change are one line", () => {
  assertEquals(
    namesLine({ status: "successful", message: { N: 1, replicas: ["A"] } }),
    "1 replica: A",
  );
  assertEquals(
    namesLine({ status: "successful", message: { N: 2, replicas: ["A", "B"] } }),
    "2 replicas: A, B",
  );
});

Deno.test("a plan lists new and removed replicas, the ring before and after, and the moved keys", () => {
  assertEquals(planLines(PLAN, LOOK), [
    "to add:    Server4, Big",
    "to remove: Server3",
    "                                              BEFORE             AFTER",
    "replicas                                           3                 4",
    "slots                                            512               512",
    "virtual servers                                    9                 9",
    "layout                                          even              ring",
    "hashes                                     fibonacci         fibonacci",
    "digest                              3f67e26d74c3b26d  694592368601a492",
    "fullest replica, of its fair share           100.2 %           150.0 %",
    "room for replicas of weight 1                    512               512",
    "",
    "26.5 % of all keys (of ids 25.0 %) would move",
    "",
    "FROM     TO         KEYS",
    "Server2  Server4  20.0 %",
    "Server3  nobody    6.5 %",
    "and 3 smaller ones",
  ]);
});

Deno.test("a plan ends with the command that applies it", () => {
  assertEquals(
    planHint(PLAN),
    "nothing has changed; until 2026-11-23T19:29:44.572Z: ringkeeper plan --apply 85f3b670",
  );
});

Deno.test("a change that moved nothing has no table of moves", () => {
  const moved = { share: 0, ids: 0, flows: [], flowsLeftOut: 0 };
  const message = { version: 8, digest: "694592368601a492", moved };
  assertEquals(changedLines({ status: "successful", message }, LOOK), [
    "done: ring version 8, digest 694592368601a492; 0.0 % of all keys (of ids 0.0 %) moved",
  ]);
});
