import { assertEquals, assertMatch } from "@std/assert";
import type { Status } from "../answers/fleet.ts";
import type { History, HistoryQuery } from "../answers/history.ts";
import type { Load } from "../answers/load.ts";
import { DeployError } from "../fleet/operations/deploy_request.ts";
import { type Incident, NO_COSTS } from "../fleet/incidents/incident.ts";
import { EventLog } from "../fleet/incidents/event_log.ts";
import { Ring } from "../../ring/mod.ts";
import type { RingFacts, RingShape } from "../fleet/spec/ring_spec.ts";
import type { ChangeReport, FleetSummary, OnMade, Plan } from "../fleet/operations/membership.ts";
import { ChangeError, type ChangeErrorKind } from "../fleet/spec/change_error.ts";
import { emptyView } from "../fleet/plan/view_builder.ts";
import { readConfig } from "../config.ts";
import { proxySettings } from "../proxy/settings.ts";
import { failureBody } from "../reply.ts";
import { EventStreams } from "./api/event_streams.ts";
import { createControlApp } from "./app.ts";
import { gateOf } from "./testing.ts";
import type { ControlParts } from "./api/dependencies.ts";

const CALLER = { address: "127.0.0.1", peer: "127.0.0.1", local: true, shared: false };

const INCIDENT: Incident = {
  id: 1,
  name: "Server2",
  instance: "i1",
  served: true,
  failedStarts: 0,
  signal: "exit code 137",
  evidence: { slow: 1 },
  at: 1000,
  signalAt: 1005,
  ejectedAt: 1005,
  unroutedAt: 1007,
  createAt: 1006,
  spare: false,
  costs: NO_COSTS,
};

const CHANGED: ChangeReport = {
  version: 5,
  digest: "d2",
  moved: { share: 0.25, flows: [{ from: "Server1", to: "Big", share: 0.25 }], flowsLeftOut: 0 },
  movedIds: 0.2511,
  behind: [],
};

const SHAPE: RingShape = { slots: 512, virtualServers: 9, layout: "even", hashes: "fibonacci" };

/** The summaries of the fleet before and after each change of these tests. */
const STOOD: FleetSummary = { version: 4, digest: "d1", weights: { Server1: 1 }, shape: SHAPE };
const STANDS: FleetSummary = { ...STOOD, version: 5, digest: "d2", weights: { Server1: 1, S4: 1 } };

/** The answer to a change. */
const MOVED = {
  share: 0.25,
  ids: 0.2511,
  flows: [{ from: "Server1", to: "Big", share: 0.25 }],
  flowsLeftOut: 0,
};

const FACTS: RingFacts = {
  ...SHAPE,
  members: 1,
  digest: "d1",
  maxOverMean: 1,
  capacity: 512,
};

const PLAN: Plan = {
  id: "p1",
  basedOn: "d1",
  expiresAt: 1000,
  add: ["Big"],
  remove: [],
  before: FACTS,
  after: { ...FACTS, members: 2, digest: "d2" },
  moved: CHANGED.moved,
  movedIds: CHANGED.movedIds,
};

const STATUS: Status = {
  ...SHAPE,
  version: 7,
  epoch: 2,
  cluster: null,
  digest: "d1",
  engine: "memory",
  engineUp: true,
  engineAwayMs: 0,
  maintenance: null,
  startedAt: "1970-01-01T00:00:00.000Z",
  desired: 1,
  ready: 1,
  replicas: [],
  spares: [],
  removals: [],
  template: {},
  quarantined: [],
  certificates: [],
  failures: {},
};

const COUNTS = { ready: 1, desired: 1, engineAwayMs: 0 };

const LOAD: Load = {
  at: 1,
  requests: 2,
  errors: 0,
  held: 0,
  retried: 0,
  spilled: 0,
  lost: 0,
  holding: 0,
  connections: 1,
  replicas: {},
};

/** The series and marks of a test do not matter, but the query does. */
const HISTORY = (query: HistoryQuery) => ({ stepMs: 1000, query }) as unknown as History;

const UPSTREAMS = [
  { name: "a", address: { hostname: "::1", port: 80 }, weight: 2 },
  { name: "unix:/run/b.sock", address: { path: "/run/b.sock" }, weight: 1 },
];

/** A control API over a scripted membership. */
function app(changes: Partial<ControlParts> = {}, fails?: Error) {
  const calls: unknown[] = [];
  const recorded: string[] = [];
  const answering = <T>(answer: T, verb: string) => (...asked: unknown[]): Promise<T> => {
    calls.push([verb, ...asked.slice(0, -1)]);
    if (fails) return Promise.reject(fails);
    (asked.at(-1) as OnMade)(STOOD, STANDS);
    return Promise.resolve(answer);
  };
  const control = createControlApp({
    membership: {
      names: () => ["Server1"],
      add: answering({ names: ["Server1", "S4"], behind: [] }, "add"),
      remove: answering({ names: ["Server1"], behind: ["b2"] }, "remove"),
      weigh: answering(CHANGED, "weigh"),
      reshape: answering(CHANGED, "reshape"),
      apply: answering(CHANGED, "apply"),
      planAside: (request) => {
        calls.push(["plan", request]);
        return fails ? Promise.reject(fails) : Promise.resolve(PLAN);
      },
    },
    upstreams: { list: () => UPSTREAMS, set: answering(CHANGED, "set") },
    machines: {
      list: () => Promise.resolve({ machines: [] }),
      set: (name, availability) => {
        calls.push(["machine", name, availability]);
        return fails ? Promise.reject(fails) : Promise.resolve({ machines: [] });
      },
    },
    deploys: { template: {}, check: () => {}, run: () => Promise.resolve({ step: "done" }) },
    incidents: () => [],
    eventLog: new EventLog({ wallClock: (instant) => instant }),
    ending: new AbortController().signal,
    drills: undefined,
    status: () => STATUS,
    counts: () => ({ ...COUNTS, serving: 1, servingReady: 1 }),
    maintenance: { state: undefined, begin: () => Promise.reject(), end: () => Promise.reject() },
    readiness: { share: 0.5, isolated: () => undefined },
    metrics: {
      expose: () =>
        Promise.resolve({
          contentType: "text/plain; version=0.0.4",
          parts: [new TextEncoder().encode("up 1\n")],
        }),
      load: () => LOAD,
      history: (query) => HISTORY(query),
    },
    explain: {
      view: () => emptyView(SHAPE),
      inFlight: () => 0,
      settings: () => proxySettings(readConfig({}), ADDRESS),
      credentials: () => ({ certificates: [], clientCa: undefined }),
    },
    log: {
      state: () => ({ level: "info", access: "off" }),
      turn: (change) => calls.push(["turn", change]),
    },
    settings: {
      list: () => ({ file: null, service: "default", settings: [] }),
      reload: () => Promise.resolve({ file: "lb.yaml", changed: [], restart: [] }),
    },
    gate: gateOf({ open: "everything" }).gate,
    failures: { record: (action) => recorded.push(action) },
    bodyTimeoutMs: 5000,
    eventStreams: new EventStreams(() => 2),
    deployStreams: new EventStreams(() => 1),
    ...changes,
  });
  const hono = { request: (path: string, init?: RequestInit) => asked(control, path, init) };
  return { hono, calls, recorded };
}

/** Makes a call with the server's bindings. */
async function asked(
  control: ReturnType<typeof createControlApp>,
  path: string,
  init?: RequestInit,
): Promise<Response> {
  return await control.request(path, init, { caller: CALLER });
}

const ADDRESS = { hostname: "127.0.0.1", port: 0 };

const NO_WEIGHTS = Object.create(null);

const post = (body: BodyInit) => ({ method: "POST", body });

Deno.test("the history is asked for by a step and a date, and each fault names its bound", async () => {
  const { hono } = app();
  const asked = async (query: string) => {
    const response = await hono.request(`/_lb/history${query}`);
    const { query: read, message } = await response.json();
    return read ?? [response.status, message];
  };
  assertEquals(await asked(""), { step: "second", since: 0 });
  assertEquals(await asked("?step=minute&since=1700000000000"), {
    step: "minute",
    since: 1_700_000_000_000,
  });
  assertEquals(await asked("?step=hour&since=-1"), [
    400,
    '<Error> step: must be one of second, minute; got "hour"; since: must be a date in whole ' +
    'milliseconds since the epoch; got "-1"',
  ]);
});

Deno.test("metrics and load are open to every client that may read the status", async () => {
  const { hono } = app({ gate: gateOf({ admin: "secret" }).gate });
  const metrics = await hono.request("/_lb/metrics");
  assertEquals([metrics.status, await metrics.text()], [200, "up 1\n"]);
  assertEquals(metrics.headers.get("content-type"), "text/plain; version=0.0.4");
  assertEquals(await (await hono.request("/_lb/load")).json(), LOAD);
});

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
  assertEquals([removed.status, await removed.json()], [
    200,
    { message: { N: 1, replicas: ["Server1"], behind: ["b2"] }, status: "successful" },
  ]);
  assertEquals(calls, [["add", 2, ["S4"], NO_WEIGHTS], ["remove", 1, []]]);
});

Deno.test("an invalid body is a 400 and changes nothing", async () => {
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
  const table: [ChangeErrorKind, number][] = [
    ["unsupported", 409],
    ["unknown", 404],
    ["taken", 409],
    ["out-of-bounds", 400],
    ["not-ready", 503],
    ["unknown-plan", 404],
    ["stale", 409],
  ];
  for (const [kind, status] of table) {
    const { hono } = app({}, new ChangeError(kind, "why"));
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

Deno.test("a client without the admin scope is refused before the body is read", async () => {
  const { hono, calls } = app({ gate: gateOf({ admin: "t" }).gate });
  const response = await hono.request("/rm", { method: "DELETE", body: "no JSON" });
  assertEquals(response.status, 401);
  assertEquals(
    response.headers.get("www-authenticate"),
    'Bearer realm="ringkeeper", scope="admin"',
  );
  assertEquals((await response.json()).status, "failure");
  assertEquals((await hono.request("/rep")).status, 200);
  assertEquals(calls, []);
});

Deno.test("an internal error is a 500 without its details, and is recorded", async () => {
  const { hono, recorded } = app({}, new TypeError("secret detail"));
  const response = await hono.request("/add", post('{"n":1}'));
  assertEquals([response.status, await response.json()], [
    500,
    { message: "<Error> the balancer failed; its log says more", status: "failure" },
  ]);
  assertEquals(recorded, ["control.request"]);
});

Deno.test("an unknown call is a 404 that lists the calls that exist", async () => {
  const response = await app().hono.request("/_lb/nothing");
  assertEquals([response.status, await response.json()], [404, {
    message: "<Error> there is no GET /_lb/nothing; there are GET /rep, GET /_lb/status, " +
      "GET /_lb/healthz, GET /_lb/readyz, GET /_lb/ring, GET /_lb/explain, GET /_lb/metrics, GET /_lb/load, GET /_lb/history, " +
      "GET /_lb/incidents, GET /_lb/events, GET /_lb/upstreams, GET /_lb/maintenance, GET /_lb/machines, GET /_lb/log, GET /_lb/settings, POST /add, " +
      "DELETE /rm, PATCH /_lb/replicas/NAME, PATCH /_lb/machines/NAME, PUT /_lb/upstreams, PATCH /_lb/ring, POST /_lb/plan, POST /_lb/apply, " +
      "PUT /_lb/maintenance, DELETE /_lb/maintenance, POST /_lb/deploy, POST /_lb/drill, PATCH /_lb/log, POST /_lb/reload, POST /_lb/prove, and GET /_lb/docs describes them",
    status: "failure",
  }]);
});

Deno.test("an unsupported method is a 405 that lists the path's methods", async () => {
  const { hono, calls } = app();
  const table: [method: string, path: string, allow: string][] = [
    ["POST", "/_lb/status", "GET, HEAD, OPTIONS"],
    ["PUT", "/_lb/ring", "GET, HEAD, PATCH, OPTIONS"],
    ["DELETE", "/_lb/replicas/Server1", "PATCH, OPTIONS"],
    ["GET", "/add", "POST, OPTIONS"],
  ];
  for (const [method, path, allow] of table) {
    const response = await hono.request(path, { method });
    assertEquals([response.status, response.headers.get("allow")], [405, allow], path);
    const message = `<Error> ${method} is no method of ${path}, which has ${allow}`;
    assertEquals(await response.json(), { message, status: "failure" });
  }
  assertEquals((await hono.request("/_lb/replicas/", { method: "PATCH" })).status, 404);
  assertEquals(calls, []);
});

Deno.test("OPTIONS lists the methods and allows no other site", async () => {
  const { hono } = app();
  const headers = { origin: "http://evil.example", "access-control-request-method": "POST" };
  const response = await hono.request("/add", { method: "OPTIONS", headers });
  assertEquals([response.status, await response.text()], [204, ""]);
  assertEquals(response.headers.get("allow"), "POST, OPTIONS");
  const names = [...response.headers.keys()];
  assertEquals(names.filter((name) => name.startsWith("access-control")), []);
  assertEquals((await hono.request("/_lb/nothing", { method: "OPTIONS" })).status, 404);
});

Deno.test("HEAD is GET without the body", async () => {
  const response = await app().hono.request("/_lb/status", { method: "HEAD" });
  assertEquals([response.status, await response.text()], [200, ""]);
  assertEquals(response.headers.get("content-type"), "application/json");
});

Deno.test("GET /_lb/ring answers the ring in force", async () => {
  const { digest, slots, members } = await (await app().hono.request("/_lb/ring")).json();
  assertEquals({ digest, slots, members }, {
    digest: emptyView(SHAPE).ring.digest,
    slots: SHAPE.slots,
    members: [],
  });
});

Deno.test("status is the whole state, health is whether the balancer is alive", async () => {
  const { hono } = app();
  assertEquals(await (await hono.request("/_lb/status")).json(), STATUS);
  const health = await hono.request("/_lb/healthz");
  assertEquals(health.status, 200);
  assertEquals(await health.json(), { status: "ok", ready: 1, desired: 1, engineAwayMs: 0 });
});

Deno.test("readiness is 200, or 503 with the reason, while the balancer lives in any case", async () => {
  const ending = new AbortController();
  const readyz = async (
    [servingReady, serving]: readonly [number, number],
    more: Partial<ControlParts> = {},
  ) => {
    const { hono } = app({ counts: () => ({ ...COUNTS, serving, servingReady }), ...more });
    const response = await hono.request("/_lb/readyz");
    return [response.status, response.headers.get("retry-after"), await response.json()];
  };
  const unready = (reason: string) => [503, "1", failureBody(reason)];
  assertEquals(await readyz([1, 2]), [200, null, {
    status: "ready",
    ready: 1,
    needed: 1,
    of: 2,
    maintenance: false,
  }]);
  assertEquals(
    await readyz([1, 3]),
    unready("1 of 3 replicas is ready; LB_READY_SHARE=0.5 needs 2"),
  );
  const isolated = { share: 0.5, isolated: () => "most of the cluster cannot be reached" };
  assertEquals(
    await readyz([1, 1], { readiness: isolated }),
    unready("most of the cluster cannot be reached"),
  );
  ending.abort();
  assertEquals(
    await readyz([1, 1], { ending: ending.signal }),
    unready("the balancer is draining: it is about to end"),
  );
});

Deno.test("incidents are listed newest first, with times after the first sign", async () => {
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
  const deploys: ControlParts["deploys"] = {
    template: {},
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

Deno.test("a deploy that the engine cannot make is a 409, an empty deploy is a 400", async () => {
  const deploys: ControlParts["deploys"] = {
    template: {},
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
    '<Error> body: must name an image, a command, options or several of them, such as {"image":"registry/app:2"}',
  ]);
});

Deno.test("a drill is refused if drills are off or the replica is not ready", async () => {
  const body = post('{"kill":"Server2"}');
  assertEquals((await app().hono.request("/_lb/drill", body)).status, 403);
  const drills: ControlParts["drills"] = {
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

Deno.test("POST /add passes on the weights of the new replicas", async () => {
  const { hono, calls } = app();
  const body = '{"n":2,"hostnames":["Big"],"weights":{"Big":3}}';
  assertEquals((await hono.request("/add", post(body))).status, 200);
  assertEquals(calls, [["add", 2, ["Big"], Object.assign(Object.create(null), { Big: 3 })]]);
});

const patch = (body: string) => ({ method: "PATCH", body });

Deno.test("PATCH changes weights and shape, and the answer reports the moved slots", async () => {
  const { hono, calls } = app();
  const answers = [
    await hono.request("/_lb/replicas/Big", patch('{"weight":2}')),
    await hono.request("/_lb/replicas/B%69g", patch('{"weight":0}')),
    await hono.request("/_lb/ring", patch('{"slots":4096,"layout":"ring"}')),
    await hono.request("/_lb/apply", post('{"plan":"p1"}')),
  ];
  for (const response of answers) {
    assertEquals([response.status, await response.json()], [
      200,
      { message: { version: 5, digest: "d2", moved: MOVED }, status: "successful" },
    ]);
  }
  assertEquals(calls, [
    ["weigh", { Big: 2 }],
    ["weigh", { Big: 0 }],
    ["reshape", { slots: 4096, layout: "ring" }],
    ["apply", "p1"],
  ]);
});

Deno.test("a plan's answer has its id, its expiry and its effect", async () => {
  const { hono, calls } = app();
  const response = await hono.request("/_lb/plan", post('{"add":1,"hostnames":["Big"]}'));
  const { movedIds: _movedIds, ...planned } = PLAN;
  assertEquals([response.status, await response.json()], [200, {
    message: { ...planned, expiresAt: "1970-01-01T00:00:01.000Z", moved: MOVED },
    status: "successful",
  }]);
  assertEquals(calls, [["plan", { add: 1, hostnames: ["Big"] }]]);
});

Deno.test("each refusal of the fleet has its own status", async () => {
  const requests: [string, RequestInit][] = [
    ["/_lb/replicas/Big", patch('{"weight":2}')],
    ["/_lb/ring", patch('{"slots":2}')],
    ["/_lb/plan", post('{"add":1}')],
    ["/_lb/apply", post('{"plan":"p1"}')],
  ];
  for (const [path, init] of requests) {
    const { hono } = app({}, new ChangeError("stale", "why"));
    const response = await hono.request(path, init);
    assertEquals([response.status, (await response.json()).message], [409, "<Error> why"], path);
  }
});

Deno.test("an invalid name in the path is a 400 and never reaches the fleet", async () => {
  const { hono, calls } = app();
  for (const name of ["a%2Fb", "a%20b", "%zz", "__proto__", "%00", "x".repeat(64)]) {
    const response = await hono.request(`/_lb/replicas/${name}`, patch('{"weight":2}'));
    const { message } = await response.json();
    assertEquals(
      [response.status, message.slice(0, 27)],
      [400, "<Error> name: must be 1 to "],
      name,
    );
  }
  assertEquals(calls, []);
});

Deno.test("explain answers the destination of a request", async () => {
  const view = { ...emptyView(SHAPE), ring: Ring.build({ members: ["Server1"] }) };
  const explain = {
    view: () => view,
    inFlight: () => 0,
    credentials: () => ({ certificates: [], clientCa: undefined }),
    settings: () => proxySettings(readConfig({ LB_KEY: "path", LB_HOLD: "fail" }), ADDRESS),
  };
  const { hono } = app({ explain });
  const response = await hono.request("/_lb/explain?path=%2Fhome%3Fx");
  const { key, owner, decision } = await response.json();
  assertEquals([response.status, key, owner], [200, "/home", "Server1"]);
  assertEquals(decision, { to: "nobody", why: "none" });
  const refused = await hono.request("/_lb/explain");
  assertEquals([refused.status, await refused.json()], [400, {
    message: "<Error> query: must be one of key=, id= and path=, percent-encoded; got none",
    status: "failure",
  }]);
});

const GUARDED = [
  ["POST", "/add"],
  ["DELETE", "/rm"],
  ["PATCH", "/_lb/replicas/Big"],
  ["PUT", "/_lb/upstreams"],
  ["PATCH", "/_lb/ring"],
  ["POST", "/_lb/plan"],
  ["POST", "/_lb/apply"],
  ["POST", "/_lb/deploy"],
  ["POST", "/_lb/drill"],
  ["PATCH", "/_lb/log"],
] as const;

Deno.test("every call that changes, plans or kills is authorized before its body is read", async () => {
  const { hono, calls } = app({ gate: gateOf({ admin: "s3cret" }).gate });
  for (const [method, path] of GUARDED) {
    const init = { method, body: "no JSON" };
    assertEquals((await hono.request(path, init)).status, 401, path);
    const foreign = { origin: "http://evil.example", authorization: "Bearer s3cret" };
    assertEquals((await hono.request(path, { ...init, headers: foreign })).status, 403, path);
  }
  assertEquals(calls, []);
  for (const path of ["/rep", "/_lb/status", "/_lb/healthz", "/_lb/explain?key=a"]) {
    assertEquals((await hono.request(path)).status, 200, path);
  }
});

Deno.test("events arrive as they happen, and resume after the client's last event", async () => {
  const eventLog = new EventLog({ wallClock: (instant) => instant });
  for (const version of [1, 2]) {
    eventLog.add({ type: "view", at: 0, version, ready: [], awaited: [] });
  }
  const response = await app({ eventLog }).hono.request("/_lb/events", {
    headers: { "last-event-id": "1" },
  });
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  const first = (await reader?.read())?.value ?? "";
  eventLog.add({ type: "engine", at: 0, up: false });
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

/** The data of the next message of a stream. */
async function nextData(reader: ReadableStreamDefaultReader<string> | undefined): Promise<unknown> {
  const message = (await reader?.read())?.value ?? "";
  return JSON.parse(/^data: (.*)$/m.exec(message)?.[1] ?? "null");
}

Deno.test("with status=true the status is streamed: the whole first, then what changed", async () => {
  const eventLog = new EventLog({ wallClock: (instant) => instant });
  let status = STATUS;
  let failed = false;
  const recorded: string[] = [];
  const failures = Promise.withResolvers<void>();
  const { hono } = app({
    eventLog,
    status: () => {
      if (failed) throw new Error("no status");
      return status;
    },
    failures: {
      record: (action) => {
        recorded.push(action);
        failures.resolve();
      },
    },
  });
  const { replicas, ...fields } = STATUS;
  const open = async () => {
    const response = await hono.request("/_lb/events?status=true");
    return response.body?.pipeThrough(new TextDecoderStream()).getReader();
  };
  // Reads wait at most for the feed's own interval of a second.
  const change = async (reader: Awaited<ReturnType<typeof open>>) => {
    const { type, at, ...rest } = await nextData(reader) as Record<string, unknown>;
    assertEquals([type, typeof at], ["status", "number"]);
    return rest;
  };
  const first = await open();
  assertEquals(await change(first), { fields, replicas, order: [] });

  status = { ...STATUS, version: 8 };
  const second = await open();
  assertEquals(await change(first), { fields: { version: 8 }, replicas });
  assertEquals(await change(second), { fields: { ...fields, version: 8 }, replicas, order: [] });

  // A change without an event is seen after the call that made it.
  status = { ...status, engineUp: false };
  await hono.request("/_lb/log", { method: "PATCH", body: '{"level":"debug"}' });
  assertEquals(await change(first), { fields: { engineUp: false }, replicas });
  assertEquals(await change(second), { fields: { engineUp: false }, replicas });

  // A status that cannot be read ends no stream.
  failed = true;
  await failures.promise;
  assertEquals(recorded, ["status.feed"]);
  failed = false;
  status = { ...status, engineUp: true };
  assertEquals(await change(first), { fields: { engineUp: true }, replicas });
  await first?.cancel();
  await second?.cancel();
  assertEquals((await hono.request("/_lb/events?status=yes")).status, 400);
});

Deno.test("HEAD of an event stream subscribes to nothing", async () => {
  const eventLog = new EventLog({ wallClock: (instant) => instant });
  const listen = eventLog.listen.bind(eventLog);
  let listeners = 0;
  eventLog.listen = (listener) => {
    listeners++;
    return listen(listener);
  };
  const response = await app({ eventLog }).hono.request("/_lb/events", { method: "HEAD" });
  assertEquals([response.status, await response.text()], [200, ""]);
  assertEquals(response.headers.get("content-type"), "text/event-stream");
  assertEquals(listeners, 0);
});

Deno.test("a stream of events ends with the balancer, silent or not", async () => {
  const ending = new AbortController();
  const streams = [await app({ ending: ending.signal }).hono.request("/_lb/events")];
  ending.abort();
  streams.push(await app({ ending: ending.signal }).hono.request("/_lb/events"));
  assertEquals(await Promise.all(streams.map((stream) => stream.text())), ["", ""]);
});

Deno.test("PATCH /_lb/log changes the named settings and answers the settings in force", async () => {
  const { hono, calls } = app();
  const bodies = ['{"level":"debug"}', '{"access":"full"}', '{"level":"error","access":0.25}'];
  for (const body of bodies) {
    const answer = await hono.request("/_lb/log", { method: "PATCH", body });
    assertEquals([answer.status, await answer.json()], [
      200,
      { message: { level: "info", access: "off" }, status: "successful" },
    ]);
  }
  assertEquals(calls, bodies.map((body) => ["turn", JSON.parse(body)]));
  const state = await hono.request("/_lb/log");
  assertEquals([state.status, await state.json()], [200, { level: "info", access: "off" }]);
});

Deno.test("an invalid change of the log settings is refused with the valid values", async () => {
  const { hono, calls } = app();
  const access = "access: must be off, full, or the part of the requests above 0 and below 1";
  const table = {
    '{"level":"loud"}': 'level: must be one of info, debug, warning, error; got "loud"',
    '{"access":"some"}': `${access}; got "some"`,
    '{"access":1}': `${access}; got 1`,
    '{"access":null}': `${access}; got null`,
    "{}": "body: must have one of level and access; got {}",
    '{"lvl":1,"level":"info"}': 'body: must have no fields but level and access; got ["lvl"]',
    "[]": 'body: must be an object such as {"level":"debug","access":0.01}; got []',
  };
  for (const [body, fault] of Object.entries(table)) {
    const answer = await hono.request("/_lb/log", { method: "PATCH", body });
    assertEquals([answer.status, await answer.json()], [
      400,
      { message: `<Error> ${fault}`, status: "failure" },
    ]);
  }
  assertEquals(calls, []);
});

Deno.test("PUT /_lb/upstreams takes the answer of GET /_lb/upstreams", async () => {
  const { hono, calls } = app();
  const text = await (await hono.request("/_lb/upstreams")).text();
  assertEquals(JSON.parse(text), {
    upstreams: [
      { name: "a", address: "[::1]:80", weight: 2 },
      { name: "unix:/run/b.sock", address: "unix:/run/b.sock", weight: 1 },
    ],
  });
  const response = await hono.request("/_lb/upstreams", { method: "PUT", body: text });
  assertEquals([response.status, calls], [200, [["set", UPSTREAMS]]]);
});

Deno.test("an invalid list of upstreams is refused with its field, the rule and the value", async () => {
  const { hono, calls } = app();
  const table: [body: string, fault: RegExp][] = [
    ["{}", /upstreams: must be a list of upstreams; got nothing/],
    ['{"upstreams":[{"address":"h"}]}', /upstreams.address: .*host:port.*; got "h"/],
    ['{"upstreams":[{"address":"h:0"}]}', /upstreams.address: .*from 1 to 65535.*; got "h:0"/],
    ['{"upstreams":[{"name":"a b","address":"h:1"}]}', /upstreams.name: .*1 to 63.*; got "a b"/],
    ['{"upstreams":[{"name":"g:1","address":"h:1"}]}', /upstreams.name: .*; got "g:1"/],
    ['{"upstreams":[{"address":"h:1","weight":-1}]}', /upstreams.weight: .*0 to 1000; got -1/],
    ['{"upstreams":[{"address":"h:1","port":1}]}', /name, address and weight; got \["port"\]/],
  ];
  for (const [body, fault] of table) {
    const response = await hono.request("/_lb/upstreams", { method: "PUT", body });
    assertEquals(response.status, 400, body);
    assertMatch((await response.json()).message, fault);
  }
  assertEquals(calls, []);
});
