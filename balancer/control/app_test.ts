import { assertEquals } from "@std/assert";
import { MembershipError, type MembershipErrorKind } from "../fleet/membership.ts";
import { type ControlOptions, createControlApp } from "./app.ts";

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
    message: "<Error> there is no GET /_lb/nothing; there are GET /_lb/status and GET /_lb/healthz",
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
