import { assertEquals, assertStringIncludes } from "@std/assert";
import { importsOf, readSources } from "./imports.ts";
import { type Import, isExempt, roomOf, violationsOf } from "./check.ts";
import { systemTest as test } from "../test/needs.ts";

/** The violations of a file with one import. */
function said(path: string, target: string, how: Partial<Import> = {}): string {
  return violationsOf({ path, text: "", imports: [{ line: 7, target, typeOnly: false, ...how }] })
    .join("\n");
}

/** The violations of a file with this text. */
function saidOfText(path: string, text: string): string[] {
  return violationsOf({ path, text, imports: [] });
}

Deno.test("layers: a file belongs to the room with the longest path that matches", () => {
  const names = [
    "balancer/engine/engine.ts",
    "balancer/engine/docker.ts",
    "balancer/fleet/plan/actions.ts",
  ]
    .map((path) => roomOf(path)?.name);
  assertEquals(names, ["engine interface", "engine adapters", "fleet"]);
  assertEquals(roomOf("docs/x.ts"), undefined);
});

Deno.test("layers: an error names file, line, import and the legal imports", () => {
  assertEquals(
    said("balancer/view.ts", "balancer/fleet/fleet.ts"),
    "balancer/view.ts:7: imports balancer/fleet/fleet.ts; " +
      "view may import only itself, ring, not fleet",
  );
});

Deno.test("layers: the imports in the table are legal", () => {
  assertEquals(said("ring/mod.ts", "ring/ring.ts"), "");
  assertEquals(said("balancer/view.ts", "ring/mod.ts"), "");
  assertEquals(said("balancer/proxy/routing/key.ts", "balancer/view.ts"), "");
  assertEquals(said("balancer/fleet/fleet.ts", "balancer/engine/engine.ts"), "");
  assertEquals(said("balancer/fleet/health/probe.ts", "replica/contract.ts"), "");
  assertEquals(said("balancer/control/app.ts", "balancer/fleet/fleet.ts"), "");
  assertEquals(said("balancer/main.ts", "balancer/engine/docker.ts"), "");
  assertEquals(said("balancer/engine/docker_api.ts", "npm:dockerode@5.0.1"), "");
});

Deno.test("layers: the ring imports nothing outside itself, packages included", () => {
  assertStringIncludes(said("ring/mod.ts", "balancer/view.ts"), "ring may import only itself");
  assertStringIncludes(said("ring/mod.ts", "npm:zod@4.6.7"), "ring imports no packages");
});

Deno.test("layers: proxy and fleet never import each other", () => {
  assertStringIncludes(said("balancer/proxy/a.ts", "balancer/fleet/b.ts"), "not fleet");
  assertStringIncludes(said("balancer/fleet/b.ts", "balancer/proxy/a.ts"), "not proxy");
});

Deno.test("layers: the fleet imports the engine's interface and none of the engines", () => {
  const fault = said("balancer/fleet/fleet.ts", "balancer/engine/docker.ts");
  assertStringIncludes(fault, "not engine adapters");
});

Deno.test("layers: no import goes upwards", () => {
  assertStringIncludes(said("balancer/fleet/fleet.ts", "balancer/control/app.ts"), "not control");
  assertStringIncludes(said("balancer/control/app.ts", "balancer/main.ts"), "not main");
  assertStringIncludes(said("replica/contract.ts", "replica/app.ts"), "not replica");
  assertStringIncludes(said("replica/app.ts", "balancer/view.ts"), "not view");
});

Deno.test("layers: only clients of the Docker Engine import dockerode, its types included", () => {
  const only = "the package dockerode is for balancer/engine/docker_api.ts,";
  assertStringIncludes(said("balancer/engine/process.ts", "npm:dockerode@5.0.1"), only);
  assertStringIncludes(said("balancer/control/app.ts", "npm:@types/dockerode@4.0.2"), only);
  assertStringIncludes(said("balancer/main.ts", "npm:/dockerode@5.0.1/lib/docker.js"), only);
});

Deno.test("layers: where only types are legal, a value import is not", () => {
  const config = "balancer/config.ts";
  assertEquals(said("balancer/control/app.ts", config, { typeOnly: true }), "");
  assertStringIncludes(said("balancer/control/app.ts", config), "types of config only");
});

Deno.test("layers: no file of the product imports a test or a tool", () => {
  const fault = "a test is imported by tests alone";
  assertStringIncludes(said("balancer/main.ts", "balancer/config_test.ts"), fault);
  assertStringIncludes(said("balancer/main.ts", "tools/print.ts"), fault);
  assertStringIncludes(said("balancer/main.ts", "balancer/engine/conformance.ts"), fault);
  assertEquals(said("balancer/proxy/server.ts", "std/http_status.ts"), "");
});

Deno.test("layers: only the composition roots read the environment and take signals", () => {
  const read = 'const x = 1;\nDeno.env.get("LB_PORT");';
  assertEquals(saidOfText("balancer/main.ts", read), []);
  assertEquals(saidOfText("balancer/fleet/fleet.ts", read), [
    "balancer/fleet/fleet.ts:2: reading the environment (Deno.env) is for balancer/main.ts, " +
    "replica/healthcheck.ts, replica/main.ts alone",
  ]);
  const listen = 'Deno.addSignalListener("SIGTERM", stop);';
  assertEquals(saidOfText("balancer/main.ts", listen), []);
  assertEquals(saidOfText("balancer/proxy/server.ts", listen).length, 1);
});

Deno.test("layers: the ring does no I/O and reads no clock, and comments may print so", () => {
  assertEquals(saidOfText("ring/ring.ts", "Date.now();\nDeno.cwd();").length, 2);
  assertEquals(saidOfText("ring/ring.ts", "/**\n * Date.now()\n */\n// Deno.cwd()"), []);
});

Deno.test("layers: tests, bench and tools have no import rules", () => {
  const paths = [
    "ring/ring_test.ts",
    "bench/ring.ts",
    "tools/up/up.ts",
    "replica/testdata/slow.ts",
  ];
  assertEquals(paths.map(isExempt), [true, true, true, true]);
  assertEquals(said("ring/ring_test.ts", "balancer/main.ts"), "");
});

Deno.test("layers: the lines of an import come from Deno's module graph", () => {
  const span = { start: { line: 4 } };
  const resolution = { specifier: "npm:hono@4.13.19", span };
  const dependencies = [
    { specifier: "hono", code: resolution },
    { specifier: "hono", type: resolution },
  ];
  assertEquals(importsOf({ specifier: "file:///x.ts", dependencies }), [
    { line: 5, target: "npm:hono@4.13.19", typeOnly: false },
    { line: 5, target: "npm:hono@4.13.19", typeOnly: true },
  ]);
});

test("layers: imports of real files are resolved to paths from the root", async () => {
  const [view] = await readSources(["balancer/view.ts"]);
  assertEquals(view?.imports.map(({ target, typeOnly }) => [target, typeOnly]), [
    ["ring/mod.ts", true],
  ]);
});
