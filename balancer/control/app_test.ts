import { assertEquals } from "@std/assert";
import { DeployError } from "../fleet/deploy.ts";
import { type Incident, NO_TOLL } from "../fleet/incident.ts";
import { Journal } from "../fleet/journal.ts";
import { MembershipError, type MembershipErrorKind } from "../fleet/membership.ts";
import { type ControlOptions, createControlApp } from "./app.ts";

const INCIDENT: Incident = {
  id: 1,
  name: "Server2",
  instance: "i1",
  signal: "exit code 137",
  evidence: { slow: 1 },
  at: 1000,
  signalAt: 1005,
  ejectedAt: 1005,
  unroutedAt: 1007,
  createAt: 1006,
  spare: false,
  toll: NO_TOLL,
};

/** The control API over a membership that answers as the test says. */
function app(changes: Partial<ControlOptions> = {}, fails?: Error) {
  const calls: unknown[] = [];
  const recorded: string[] = [];
  const change = (verb: string) => (n: number, hostnames: readonly string[]) => {
    calls.push([verb, n, hostnames]);
    return fails ? Promise.reject(fails) : Promise.resolve(["Server1", "S4"]);
  };
  const hono = createControlApp({
    membership: { names: () => ["Server1"], add: change("add"), remove: change("remove") },
    deploys: { check: () => {}, run: () => Promise.resolve({ step: "done" }) },
    incidents: () => [],
    journal: new Journal(),
    drills: undefined,
    status: () => ({ ready: 1, desired: 1, extra: "x" }),
    guard: { token: "", open: false, loopback: true },
    failures: { record: (action) => recorded.push(action) },
    bodyTimeoutMs: 5000,
    ...changes,
  });
  return { hono, calls, recorded };
}

const post = (body: BodyInit) => ({ method: "POST", body });

Deno.test("GET /rep answers the names in the ring", async () => {
  const response = await app().hono.request("/rep");
  assertEquals(response.status, 200);
  assertEquals(await response.json(), {
    message: { N: 1, replicas: ["Server1"] },
    status: "successful",
  });
});

Deno.test("POST /add and DELETE /rm change the fleet and answer the names after it", async () => {
  const { hono, calls } = app();
  const added = await hono.request("/add", post('{"n":2,"hostnames":["S4"]}'));
  assertEquals([added.status, await added.json()], [
    200,
    { message: { N: 2, replicas: ["Server1", "S4"] }, status: "successful" },
  ]);
  const removed = await hono.request("/rm", { method: "DELETE", body: '{"n":1}' });
  assertEquals(removed.status, 200);
  assertEquals(calls, [["add", 2, ["S4"]], ["remove", 1, []]]);
});

Deno.test("a body that cannot be used is a 400 and changes nothing", async () => {
  const { hono, calls } = app();
  const response = await hono.request("/add", post('{"n":-1}'));
  assertEquals(response.status, 400);
  assertEquals(await response.json(), {
    message: "<Error> n: must be a whole number from 1; got -1",
    status: "failure",
  });
  assertEquals(calls, []);
});

Deno.test("every kind of refusal has its status", async () => {
  const table: [MembershipErrorKind, number][] = [
    ["unsupported", 409],
    ["unknown", 404],
    ["taken", 409],
    ["out-of-bounds", 400],
    ["not-ready", 503],
  ];
  for (const [kind, status] of table) {
    const { hono } = app({}, new MembershipError(kind, "why"));
    const response = await hono.request("/add", post('{"n":1}'));
    assertEquals([response.status, await response.json()], [
      status,
      { message: "<Error> why", status: "failure" },
    ]);
    assertEquals(response.headers.get("retry-after"), status === 503 ? "1" : null);
  }
});

Deno.test("a body of more than 64 KiB is a 413", async () => {
  const { hono, calls } = app();
  const response = await hono.request("/add", post("x".repeat(65537)));
  assertEquals([response.status, await response.json()], [
    413,
    { message: "<Error> body: must be at most 65536 bytes", status: "failure" },
  ]);
  assertEquals(calls, []);
});

Deno.test("a body that does not arrive in time is a 408", async () => {
  const { hono, calls } = app({ bodyTimeoutMs: 10 });
  const response = await hono.request("/add", post(new ReadableStream()));
  assertEquals([response.status, await response.json()], [
    408,
    { message: "<Error> body: must arrive within 10 ms", status: "failure" },
  ]);
  assertEquals(calls, []);
});

Deno.test("who may not change the fleet is told so before the body is read", async () => {
  const { hono, calls } = app({ guard: { token: "t", open: false, loopback: false } });
  const response = await hono.request("/rm", { method: "DELETE", body: "no JSON" });
  assertEquals(response.status, 401);
  assertEquals(response.headers.get("www-authenticate"), "Bearer");
  assertEquals((await response.json()).status, "failure");
  assertEquals((await hono.request("/rep")).status, 200);
  assertEquals(calls, []);
});

Deno.test("a fault of our own is a 500 without its details, and is recorded", async () => {
  const { hono, recorded } = app({}, new TypeError("secret detail"));
  const response = await hono.request("/add", post('{"n":1}'));
  assertEquals([response.status, await response.json()], [
    500,
    { message: "<Error> the balancer failed; its log says more", status: "failure" },
  ]);
  assertEquals(recorded, ["control.request"]);
});

Deno.test("a call that does not exist is a 404 that names those that do", async () => {
  const response = await app().hono.request("/_lb/nothing");
  assertEquals([response.status, await response.json()], [404, {
    message: "<Error> there is no GET /_lb/nothing; there are GET /_lb/status, GET /_lb/healthz, " +
      "GET /_lb/incidents, GET /_lb/events, POST /_lb/deploy, POST /_lb/drill",
    status: "failure",
  }]);
});

Deno.test("status is the whole state, health is whether the balancer lives", async () => {
  const { hono } = app();
  assertEquals(await (await hono.request("/_lb/status")).json(), {
    ready: 1,
    desired: 1,
    extra: "x",
  });
  const health = await hono.request("/_lb/healthz");
  assertEquals([health.status, await health.json()], [200, { status: "ok", ready: 1, desired: 1 }]);
});

Deno.test("incidents are told the newest first, with times after the first sign", async () => {
  const response = await app({ incidents: () => [INCIDENT] }).hono.request("/_lb/incidents");
  const { incidents } = await response.json();
  assertEquals(incidents.length, 1);
  assertEquals([incidents[0].name, incidents[0].at], ["Server2", "1970-01-01T00:00:01.000Z"]);
  assertEquals(incidents[0].timings, {
    signal: 5,
    eject: 5,
    unrouted: 7,
    create: 6,
    started: null,
    ready: null,
    release: null,
  });
});

Deno.test("a deploy answers with its steps as they happen", async () => {
  const deployed: unknown[] = [];
  const deploys: ControlOptions["deploys"] = {
    check: () => {},
    run: (template, onStep) => {
      deployed.push(template);
      onStep({ step: "starting", name: "Server1" });
      onStep({ step: "done" });
      return Promise.resolve({ step: "done" });
    },
  };
  const response = await app({ deploys }).hono.request("/_lb/deploy", post('{"image":"app:2"}'));
  assertEquals(response.headers.get("content-type"), "text/event-stream");
  assertEquals(
    await response.text(),
    'event: starting\ndata: {"step":"starting","name":"Server1"}\n\n' +
      'event: done\ndata: {"step":"done"}\n\n',
  );
  assertEquals(deployed, [{ image: "app:2" }]);
});

Deno.test("a deploy that the engine cannot make is a 409, one that says nothing a 400", async () => {
  const deploys: ControlOptions["deploys"] = {
    check: () => {
      throw new DeployError("image: no");
    },
    run: () => Promise.reject(new Error("not asked")),
  };
  const { hono } = app({ deploys });
  assertEquals((await hono.request("/_lb/deploy", post('{"image":"a"}'))).status, 409);
  const empty = await hono.request("/_lb/deploy", post("{}"));
  assertEquals([empty.status, (await empty.json()).message], [
    400,
    '<Error> body: must name an image, a command or both, such as {"image":"registry/app:2"}',
  ]);
});

Deno.test("drills are refused where they are off, and where there is nobody to kill", async () => {
  const body = post('{"kill":"Server2"}');
  assertEquals((await app().hono.request("/_lb/drill", body)).status, 403);
  const drills: ControlOptions["drills"] = {
    url: () => "",
    upstream: () => undefined,
    kill: () => Promise.reject(new Error("not asked")),
    incidents: () => [],
  };
  const response = await app({ drills }).hono.request("/_lb/drill", body);
  assertEquals([response.status, (await response.json()).message], [
    409,
    "<Error> kill: Server2 is not a ready replica",
  ]);
});

Deno.test("calls that change or kill are guarded like the others", async () => {
  const { hono } = app({ guard: { token: "s3cret", open: false, loopback: true } });
  for (const path of ["/_lb/deploy", "/_lb/drill"]) {
    assertEquals((await hono.request(path, post("{}"))).status, 401, path);
  }
});

Deno.test("events come as they happen, and from the last one that a client saw", async () => {
  const journal = new Journal();
  for (const version of [1, 2]) {
    journal.add({ type: "view", at: 0, version, ready: [], awaited: [] });
  }
  const response = await app({ journal }).hono.request("/_lb/events", {
    headers: { "last-event-id": "1" },
  });
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  const first = (await reader?.read())?.value ?? "";
  journal.add({ type: "engine", at: 0, up: false });
  const second = (await reader?.read())?.value ?? "";
  await reader?.cancel();
  assertEquals(first.split("\n").filter((line) => !line.startsWith("data")), [
    "event: view",
    "id: 2",
    "",
    "",
  ]);
  assertEquals(second.startsWith("event: engine\n"), true);
});
