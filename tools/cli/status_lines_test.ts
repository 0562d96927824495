import { assertEquals } from "@std/assert";
import type { Status } from "../../balancer/answers/fleet.ts";
import { COLOURS, NO_PAINT } from "./paint.ts";
import { statusLines, summary } from "./status_lines.ts";
import { NOW, replica, status } from "./testing.ts";

const LOOK = { paint: NO_PAINT, width: Infinity };

Deno.test("status: a healthy fleet is a table", () => {
  const fleet = status([
    replica("Server1"),
    replica("Big", { weight: 3, slots: 341, restarts: 2 }),
  ]);
  assertEquals(statusLines(fleet, NOW, LOOK), [
    "2 of 2 replicas ready, engine process",
    "ring: layout even, 512 slots, digest 3f67e26d74c3b26d, version 7",
    "",
    "REPLICA  STATE   FOR  WEIGHT  SLOTS   SHARE  RESTARTS  ADDRESS",
    "Server1  ready  90 s       1    171  33.4 %         0  127.0.0.1:20401",
    "Big      ready  90 s       3    341  66.6 %         2  127.0.0.1:20401",
  ]);
});

Deno.test("status: problems are listed below the table, and spares in a table of their own", () => {
  const lastError = {
    at: "2026-11-23T19:59:57Z",
    message: "exit 1",
    lastWords: ["no \x1b[1mdisk"],
  };
  const waiting = replica("Server1", {
    state: "waiting",
    address: null,
    nextStart: "2026-11-23T20:00:04Z",
    lastError,
  });
  const fleet = status([waiting], {
    engineUp: false,
    spares: [replica("spare-1")],
    quarantined: [{ key: "user-7", until: "2026-11-23T20:10:00Z" }],
    failures: { "control.request": 2 },
  });
  assertEquals(statusLines(fleet, NOW, LOOK), [
    "0 of 1 replica ready, engine process (does not answer)",
    "ring: layout even, 512 slots, digest 3f67e26d74c3b26d, version 7",
    "",
    "REPLICA  STATE     FOR  WEIGHT  SLOTS   SHARE  RESTARTS  ADDRESS",
    "Server1  waiting  90 s       1    171  33.4 %         0  –",
    "",
    "Server1 is started again in 4 s",
    "Server1 failed 3 s ago: exit 1",
    "  no disk",
    "quarantined: user-7",
    "failures inside the balancer: control.request 2",
    "",
    "SPARE    STATE   FOR  ADDRESS",
    "spare-1  ready  90 s  127.0.0.1:20401",
  ]);
});

Deno.test("status: one line shows the balancers of the fleet and the one that heals", () => {
  const one = {
    id: "a1",
    host: "h",
    pid: 1,
    epoch: 4,
    digest: "d",
    heals: true,
    silentMs: 0,
    direct: true,
  };
  const cluster: NonNullable<Status["cluster"]> = {
    self: "a1",
    holder: "a1",
    isolated: false,
    disagreeMs: 0,
    balancers: [one, { ...one, id: "b2", heals: false }],
  };
  const line = (other: Partial<typeof cluster>) =>
    statusLines(
      status([], { epoch: 4, cluster: { ...cluster, ...other } }),
      NOW,
      LOOK,
    )[2];
  assertEquals(line({}), "balancers: 2, epoch 4, h process 1 (this one) holds the lease");
  assertEquals(line({ self: "b2" }), "balancers: 2, epoch 4, h process 1 holds the lease");
  assertEquals(
    line({ holder: null, isolated: true, disagreeMs: 3 }),
    "balancers: 2, epoch 4, holder unknown; this one cannot reach the shared store; their rings differ",
  );
});

Deno.test("status: a long name is cut on a terminal of 80 columns", () => {
  assertEquals(
    statusLines(status([replica("a-replica-with-quite-a-long-name-and-more")]), NOW, {
      ...LOOK,
      width: 80,
    }).slice(3),
    [
      "REPLICA            STATE   FOR  WEIGHT  SLOTS   SHARE  RESTARTS  ADDRESS",
      "a-replica-with-q…  ready  90 s       1    171  33.4 %         0  127.0.0.1:20401",
    ],
  );
});

Deno.test("status: a recovered replica has no last output, a slow start shows its progress", () => {
  const lastError = { at: "2026-11-23T19:59:57Z", message: "exit 1", lastWords: ["no disk"] };
  const fleet = status([replica("Server1", { lastError, ramp: 0.4 }), replica("B", { ramp: 1 })]);
  assertEquals(statusLines(fleet, NOW, LOOK).slice(6), [
    "",
    "Server1 starts slowly: 40.0 % of its load",
    "Server1 failed 3 s ago: exit 1",
  ]);
});

Deno.test("status: certificates that end soon, or cannot be loaded, are listed", () => {
  const certificate = {
    name: "a.example",
    source: "file" as const,
    names: ["a.example"],
    kind: "ec" as const,
    notAfter: "2026-11-30T00:00:00.000Z",
    daysLeft: 6,
    ending: true,
    renewal: null,
    fingerprint: "00",
    fault: null,
  };
  const certificates = [
    certificate,
    { ...certificate, name: "b", daysLeft: 0 },
    { ...certificate, name: "c", daysLeft: 5, ending: false },
    { ...certificate, name: "d", daysLeft: 40, ending: false, fault: "d.key: does not exist" },
    {
      ...certificate,
      ...{ name: "e", source: "acme" as const, ending: false, daysLeft: null, notAfter: null },
      fault: "has no certificate yet",
    },
  ];
  assertEquals(statusLines(status([replica("Server1")], { certificates }), NOW, LOOK).slice(6), [
    "certificate a.example ends in 6 days: it is valid until 2026-11-30T00:00:00.000Z",
    "certificate b has ended, or ends today: it is valid until 2026-11-30T00:00:00.000Z",
    "certificate d cannot be loaded: d.key: does not exist",
    "certificate e is not issued: has no certificate yet",
  ]);
});

Deno.test("status: colours show whether the fleet is healthy", () => {
  const look = { paint: COLOURS, width: 80 };
  const [well, ill] = [replica("A"), replica("A", { state: "down" })].map((one) =>
    summary(status([one]), look)
  );
  assertEquals(well, "\x1b[32m1 of 1 replica ready\x1b[39m, engine process");
  assertEquals(ill, "\x1b[31m0 of 1 replica ready\x1b[39m, engine process");
});
