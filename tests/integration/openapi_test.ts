import { Validator } from "@seriousme/openapi-schema-validator";
import { assert, assertEquals } from "@std/assert";
import { keyOf, proofOf } from "../../balancer/control/auth/proof.ts";
import { createControlApp } from "../../balancer/control/app.ts";
import { CALLS } from "../../balancer/control/endpoints/table.ts";
import { describeCalls } from "../../balancer/control/api/openapi.ts";
import type { ControlParts } from "../../balancer/control/api/dependencies.ts";
import { docs } from "../../balancer/page/docs.ts";
import { Balancer } from "../harness/balancer.ts";
import { Description } from "../harness/description.ts";
import { systemTest as test } from "../../tools/test/needs.ts";

const TOKEN = "s3cret";

/** A request to an operation. */
interface Ask {
  readonly id: string;
  /** Where the path has parameters, or the call is asked by a query. */
  readonly path?: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly status: number;
}

/** Changes that take no body, and their status in a balancer without a configuration file. */
const BODYLESS = new Map([["endMaintenance", 200], ["reload", 409]]);

/** The OpenAPI document of a running balancer. */
async function read(balancer: Balancer): Promise<Description> {
  return new Description(await (await balancer.fetch("/_lb/openapi.json")).json());
}

/** The OpenAPI document that the code generates. */
async function describe() {
  return JSON.parse(json(await describeCalls(CALLS)));
}

/** Enough for an app that is asked for its routes and nothing else. */
const NO_PARTS = { gate: { before: () => () => {} } } as unknown as ControlParts;

/** Makes a call, and checks the response against the description. */
async function hold(balancer: Balancer, description: Description, ask: Ask): Promise<void> {
  const { id, status, body, headers = {} } = ask;
  const { method, path } = description.operation(id);
  const init = { method, headers, ...(body === undefined ? {} : { body }) };
  const response = await balancer.fetch(ask.path ?? path, init);
  const text = await response.text();
  assertEquals(response.status, status, `${id}: ${text.slice(0, 300)}`);
  const type = response.headers.get("content-type") ?? "";
  assertEquals(description.faults(id, response.status, type, text), []);
  for (const [, data = ""] of type === "text/event-stream" ? text.matchAll(/^data: (.*)$/gm) : []) {
    assertEquals(description.eventFaults(id, data), []);
  }
}

function json(value: unknown): string {
  return JSON.stringify(value);
}

/** An upstream that answers everything. */
function upstream() {
  return Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, () => new Response("here"));
}

test("the description is OpenAPI 3.1, and lists every call that the app serves", async () => {
  const document = await describe();
  const validator = new Validator();
  const { valid, errors } = await validator.validate(document);
  assert(valid, json(errors));
  assertEquals(validator.version, "3.1");
  const app = createControlApp(NO_PARTS);
  const routes = app.routes.filter(({ method }) => method !== "ALL");
  const served = new Set(routes.map(({ method, path }) => {
    return `${method} ${path.replace(/:(\w+)/g, "{$1}")}`;
  }));
  const { operations } = new Description(document);
  // The page, to which `GET /_lb` redirects.
  assert(served.delete("GET /_lb/"));
  assertEquals(
    operations.map(({ method, path }) => `${method} ${path}`).sort(),
    [...served].sort(),
  );
  const ids = operations.map(({ operation }) => operation.operationId);
  assertEquals(new Set(ids).size, ids.length);
});

Deno.test("every example body fits its schema, and a body with an unknown field does not", async () => {
  const description = new Description(await describe());
  const bodies = description.operations.filter(({ operation }) => operation.requestBody);
  const changes = description.operations.filter(({ method, operation }) =>
    method !== "GET" && !BODYLESS.has(operation.operationId)
  );
  assertEquals(bodies, changes);
  for (const { operation: { operationId, requestBody } } of bodies) {
    const example = requestBody?.content["application/json"]?.example;
    assertEquals(description.bodyFaults(operationId, example), []);
    assert(description.bodyFaults(operationId, { unknown: 1 }).length > 0, operationId);
  }
});

test("the page shows every call and every schema, and each of its references leads there", async () => {
  const document = await describe();
  const html = `${await docs(await describeCalls(CALLS))}`;
  const ids = new Set([...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id));
  const references = [...html.matchAll(/ href="#([^"]+)"/g)].map(([, id]) => id);
  assertEquals(references.filter((id) => !ids.has(id)), []);
  const { operations } = new Description(document);
  const shown = [
    ...operations.map(({ operation }) => operation.operationId),
    ...Object.keys(document.components.schemas).map((name) => `schema-${name}`),
  ];
  assertEquals(shown.filter((id) => !ids.has(id) || !references.includes(id)), []);
  assertEquals(html.match(/<script|<style| style=|undefined|\[object|=&gt;/g), null);
});

Deno.test("an answer that is not described is a fault", async () => {
  const description = new Description(await describe());
  const faults = (status: number, type: string, body: unknown) =>
    description.faults("getHealth", status, type, json(body)).length;
  const well = { status: "ok", ready: 1, desired: 1, engineAwayMs: 0 };
  assertEquals(faults(200, "application/json", well), 0);
  assertEquals(faults(418, "application/json", well), 1);
  assertEquals(faults(200, "text/plain", well), 1);
  assertEquals(faults(200, "application/json", { ...well, more: 1 }), 1);
  assertEquals(faults(200, "application/json", { ...well, ready: "1" }), 1);
  assertEquals(faults(200, "application/json", { status: "ok" }), 3);
});

test("every call answers as it is described, for any input", async (t) => {
  await using balancer = await Balancer.ready({
    LB_ENGINE: "process",
    LB_DRILLS: "true",
    LB_ADMIN_OPEN: "true",
    LB_ADMIN_TOKEN: TOKEN,
  });
  const description = await read(balancer);
  const asks = async (asks: readonly Ask[]) => {
    for (const ask of asks) await hold(balancer, description, ask);
  };

  await t.step("calls that read", () =>
    asks([
      { id: "listReplicas", status: 200 },
      { id: "getStatus", status: 200 },
      { id: "getHealth", status: 200 },
      { id: "getReadiness", status: 200 },
      { id: "getMaintenance", status: 200 },
      { id: "beginMaintenance", body: '{"message":"soon"}', status: 200 },
      { id: "beginMaintenance", body: '{"retryAfterS":0}', status: 400 },
      { id: "getMaintenance", status: 200 },
      { id: "endMaintenance", status: 200 },
      { id: "listMachines", status: 200 },
      { id: "getRing", status: 200 },
      { id: "getMetrics", status: 200 },
      { id: "getLoad", status: 200 },
      { id: "getHistory", status: 200 },
      { id: "getHistory", path: "/_lb/history?step=minute&since=1", status: 200 },
      { id: "getHistory", path: "/_lb/history?step=hour", status: 400 },
      { id: "getHistory", path: "/_lb/history?since=yesterday", status: 400 },
      { id: "getLog", status: 200 },
      { id: "getSettings", status: 200 },
      { id: "listIncidents", status: 200 },
      { id: "explain", path: "/_lb/explain?key=alice", status: 200 },
      { id: "explain", path: "/_lb/explain?id=7", status: 200 },
      { id: "explain", path: "/_lb/explain", status: 400 },
      { id: "explain", path: "/_lb/explain?id=x", status: 400 },
      { id: "getPage", status: 308 },
      { id: "getPage", path: "/_lb/", status: 200 },
      { id: "getDocs", status: 200 },
      { id: "getDescription", status: 200 },
      { id: "getPageFile", path: "/_lb/page/gone.js", status: 404 },
    ]));

  await t.step("a file that a page names", async () => {
    const html = await (await balancer.fetch("/_lb/docs")).text();
    const [, file = ""] = /href="(page\/[^"]+)"/.exec(html) ?? [];
    await hold(balancer, description, { id: "getPageFile", path: `/_lb/${file}`, status: 200 });
  });

  await t.step("calls that change", () =>
    asks([
      { id: "addReplicas", body: '{"n":1,"hostnames":["S4"],"weights":{"S4":2}}', status: 200 },
      { id: "addReplicas", body: '{"n":1,"hostnames":["S4"]}', status: 409 },
      { id: "addReplicas", body: '{"n":9999}', status: 400 },
      { id: "weighReplica", path: "/_lb/replicas/S4", body: '{"weight":3}', status: 200 },
      { id: "weighReplica", path: "/_lb/replicas/S9", body: '{"weight":3}', status: 404 },
      { id: "weighReplica", path: "/_lb/replicas/a%20b", body: '{"weight":3}', status: 400 },
      { id: "removeReplicas", body: '{"n":1,"hostnames":["S9"]}', status: 404 },
      { id: "removeReplicas", body: '{"n":2,"hostnames":["S4","S4"]}', status: 409 },
      { id: "removeReplicas", body: '{"n":1,"hostnames":["S4"]}', status: 200 },
      { id: "reshapeRing", body: '{"slots":4096,"layout":"ring"}', status: 200 },
      { id: "reshapeRing", body: '{"slots":2}', status: 400 },
      { id: "getRing", status: 200 },
      { id: "turnLog", body: '{"level":"debug","access":0.5}', status: 200 },
      { id: "turnLog", body: '{"level":"info","access":"off"}', status: 200 },
      { id: "turnLog", body: '{"access":2}', status: 400 },
      { id: "listUpstreams", status: 409 },
      { id: "setUpstreams", body: '{"upstreams":[{"address":"127.0.0.1:9"}]}', status: 409 },
      {
        id: "changeMachine",
        path: "/_lb/machines/web1",
        body: '{"availability":"drain"}',
        status: 409,
      },
      { id: "changeMachine", path: "/_lb/machines/web1", body: '{"availability":1}', status: 400 },
      { id: "plan", body: '{"add":1,"hostnames":["Big"],"weights":{"Big":3}}', status: 200 },
      { id: "plan", body: '{"remove":["S9"]}', status: 404 },
      { id: "plan", body: '{"hostnames":["Server1"]}', status: 409 },
      { id: "apply", body: '{"plan":"none"}', status: 404 },
    ]));

  await t.step("a plan is applied once, and to the ring that it was made for", async () => {
    const plan = async (request: unknown) => {
      const { body } = await balancer.call("POST", "/_lb/plan", request);
      return json({ plan: (body as { message: { id: string } }).message.id });
    };
    const [first, second] = [await plan({ layout: "even" }), await plan({ slots: 512 })];
    await asks([
      { id: "apply", body: first, status: 200 },
      { id: "apply", body: second, status: 409 },
    ]);
  });

  await t.step("a body that cannot be used, or is too long", async () => {
    for (const { operation: { operationId: id, requestBody }, path } of description.operations) {
      if (!requestBody) continue;
      const ask = { id, path: path.replace("{name}", "Server1") };
      await asks([
        { ...ask, body: "no JSON", status: 400 },
        { ...ask, body: "[]", status: 400 },
        { ...ask, body: '{"unknown":1}', status: 400 },
        { ...ask, body: "x".repeat(70_000), status: 413 },
      ]);
    }
  });

  await t.step("a drill, and the incident that it makes", () =>
    asks([
      { id: "drill", body: '{"kill":"Nobody"}', status: 409 },
      { id: "drill", body: '{"kill":"Server2","path":"/home","seconds":1}', status: 200 },
      { id: "listIncidents", status: 200 },
      { id: "getLoad", status: 200 },
      { id: "getStatus", status: 200 },
    ]));

  await t.step("a deploy that fails, step by step", () =>
    asks([
      { id: "deploy", body: '{"image":"app:2"}', status: 409 },
      { id: "deploy", body: `{"command":"sh -c 'exit 1'"}`, status: 200 },
    ]));

  await t.step("a proof of the token", async () => {
    const proof = json(proofOf(await keyOf(TOKEN)));
    await asks([
      { id: "prove", body: proof, status: 200 },
      { id: "prove", body: json(proofOf(await keyOf("another"))), status: 401 },
    ]);
  });

  await t.step("a change whose new replica does not become ready", async () => {
    await using broken = await Balancer.start({
      LB_ENGINE: "process",
      LB_REPLICA_COMMAND: "sh -c 'exit 1'",
    });
    await hold(broken, description, { id: "addReplicas", body: '{"n":1}', status: 503 });
  });

  await t.step("events of every kind", async () => {
    const response = await balancer.fetch("/_lb/events?status=true", {
      headers: { "last-event-id": "0" },
    });
    const type = response.headers.get("content-type") ?? "";
    assertEquals(description.faults("followEvents", response.status, type, ""), []);
    const awaited = new Set(["replica", "view", "incident", "deploy", "status"]);
    for await (const data of events(response)) {
      assertEquals(description.eventFaults("followEvents", data), []);
      awaited.delete(JSON.parse(data).type);
      if (awaited.size === 0) break;
    }
  });

  await t.step("the list of upstreams, which engine static alone has", async () => {
    const server = upstream();
    const address = `127.0.0.1:${server.addr.port}`;
    {
      await using other = await Balancer.ready({ LB_ENGINE: "static", LB_UPSTREAMS: address });
      const body = JSON.stringify({ upstreams: [{ name: "a", address, weight: 2 }] });
      await hold(other, description, { id: "listUpstreams", status: 200 });
      await hold(other, description, { id: "setUpstreams", body, status: 200 });
      const none = JSON.stringify({ upstreams: [{ address: "127.0.0.1:9" }] });
      await hold(other, description, { id: "setUpstreams", body: none, status: 503 });
    }
    await server.shutdown();
  });

  await t.step("a reload, which needs a configuration file", async () => {
    const file = await Deno.makeTempFile({ suffix: ".yaml" });
    await Deno.writeTextFile(file, "log:\n  level: info\n");
    const env = { LB_ENGINE: "static", LB_UPSTREAMS: "127.0.0.1:9", LB_CONFIG: file };
    {
      await using other = await Balancer.start(env);
      await hold(other, description, { id: "reload", status: 200 });
    }
    await Deno.remove(file);
  });

  await t.step("no call was left out", () => {
    for (const { operation: { operationId, responses } } of description.operations) {
      // Only a swarm has machines: tests/integration/swarm_test.ts drains one.
      if (operationId === "changeMachine") continue;
      const described = Object.keys(responses).map(Number).filter((status) => status < 400);
      const well = [...description.seen(operationId)].filter((status) => status < 400);
      assertEquals(well.sort(), described, operationId);
    }
  });
});

/** The data of a stream's events. The stream ends when the reader stops. */
async function* events(response: Response): AsyncGenerator<string, undefined> {
  let text = "";
  for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    const lines = (text + chunk).split("\n");
    text = lines.pop() ?? "";
    for (const line of lines) if (line.startsWith("data: ")) yield line.slice(6);
  }
}

test("refusals of unauthorized calls match their description", async () => {
  const server = upstream();
  const env = { LB_ENGINE: "static", LB_UPSTREAMS: `Server1=127.0.0.1:${server.addr.port}` };
  {
    await using balancer = await Balancer.ready({ ...env, LB_ADMIN_TOKEN: "s3cret" });
    const description = await read(balancer);
    const guarded = description.operations.filter(({ operation }) =>
      operation.security.some((one) => one["token"]?.includes("admin"))
    );
    const others = description.operations.filter(({ operation, method }) =>
      method !== "GET" && operation.operationId !== "prove"
    );
    assertEquals(guarded, others);
    for (const { operation: { operationId: id }, path } of guarded) {
      const ask = { id, path: path.replace("{name}", "Server1"), body: '{"unknown":1}' };
      const authorization = "Bearer s3cret";
      await hold(balancer, description, { ...ask, status: 401 });
      const headers = { authorization, origin: "http://evil.example" };
      await hold(balancer, description, { ...ask, headers, status: 403 });
      const status = BODYLESS.get(id) ?? 400;
      await hold(balancer, description, { ...ask, headers: { authorization }, status });
    }
    for (const [id, body, status] of UNSUPPORTED) {
      const headers = { authorization: "Bearer s3cret" };
      await hold(balancer, description, { id, body, headers, status });
    }
  }
  await server.shutdown();
});

/** Calls that are refused for external replicas, or without `LB_DRILLS`. */
const UNSUPPORTED: readonly [id: string, body: string, status: number][] = [
  ["addReplicas", '{"n":1}', 409],
  ["removeReplicas", '{"n":1}', 409],
  ["plan", '{"add":1}', 409],
  ["deploy", '{"command":"x"}', 409],
  ["drill", '{"kill":"Server1"}', 403],
];
