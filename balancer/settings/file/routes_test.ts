import { assertEquals, assertThrows } from "@std/assert";
import { systemTest as test } from "../../../tools/test/needs.ts";
import { ConfigError, readConfig } from "../../config.ts";
import { loadConfigFile } from "./load.ts";

/** The configuration of routes. */
async function read(routes: string, env: Record<string, string> = {}) {
  const text = `services:\n  a:\n    routes:\n${routes}`;
  return readConfig(env, await loadConfigFile("lb.yaml", () => Promise.resolve(text)));
}

async function faults(routes: string, env: Record<string, string> = {}) {
  const text = `services:\n  a:\n    routes:\n${routes}`;
  const file = await loadConfigFile("lb.yaml", () => Promise.resolve(text));
  return assertThrows(() => readConfig(env, file), ConfigError).faults;
}

test("routes are sorted by host and by length, not by their order in the file", async () => {
  const { routes } = await read(`
      - { path: /a, key: path }
      - { host: "*.example.com", retries: false }
      - { path: /a/b/, hold: fail, holdMs: 10, responseMs: 20, streamIdleMs: 30, bodyBytes: 40 }
      - { host: Shop.example.com, path: /, key: "header:X-User" }
`);
  assertEquals(routes.map(({ host, path }) => host + path), [
    "shop.example.com",
    "*.example.com",
    "/a/b",
    "/a",
  ]);
  assertEquals(routes[2]?.rules, {
    hold: "fail",
    holdMs: 10,
    responseMs: 20,
    streamIdleMs: 30,
    bodyBytes: 40,
  });
});

test("wrong, repeated and unreachable routes are faults with their lines", async () => {
  const found = await faults(`
      - { path: api, key: nope, kez: 1 }
      - { path: "/a?b", host: "a:80" }
      - { path: /ok, key: path }
      - { path: /ok/, key: client }
      - { key: path }
      - { path: /nothing }
      - text
`);
  assertEquals(found.map((fault) => fault.replace(/; .*| one of .*/, "")), [
    "lb.yaml:5:17: services.a.routes.0.path: must be / and segments of a path, such as /api/v1, " +
    "without query, //, /./ and /../",
    "lb.yaml:5:27: services.a.routes.0.key: must be request-id, path, client, affinity, " +
    "header:NAME, cookie:NAME or query:NAME",
    "lb.yaml:5:33: services.a.routes.0.kez: no name of this place",
    "lb.yaml:6:17: services.a.routes.1.path: must be / and segments of a path, such as /api/v1, " +
    "without query, //, /./ and /../",
    "lb.yaml:6:31: services.a.routes.1.host: must be a host name without a port, or *. and a host " +
    "name for the names one level below it",
    "lb.yaml:8:9: services.a.routes.3: /ok: unreachable, since line 7 has a route of the same requests",
    "lb.yaml:9:9: services.a.routes.4: must have a path, a host or both",
    "lb.yaml:10:9: services.a.routes.5: /nothing: must have a rule:",
    "lb.yaml:11:9: services.a.routes.6: must be a map of a route",
  ]);
  assertEquals(await faults("      - { path: /_lb/x, key: path }", { LB_PUBLIC_API: "all" }), [
    "lb.yaml:4:9: services.a.routes: /_lb/x: unreachable, LB_PUBLIC_API=all: the balancer itself " +
    "answers every request for /_lb",
  ]);
  const long = `      - { path: /${"a".repeat(100)}, key: path }`;
  assertEquals((await faults(long, { LB_MAX_REQUEST_LINE_BYTES: "64" })).length, 1);
  assertEquals((await faults("      - { path: /a, key: path }\n".repeat(257))).length, 1);
});
