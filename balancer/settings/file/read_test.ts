import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { systemTest as test } from "../../../tools/test/needs.ts";
import { ConfigError, readConfig, readSettings } from "../../config.ts";
import { describeSettings } from "../describe.ts";
import { configPath, loadConfigFile } from "./load.ts";

/** The configuration of a file and of an environment. */
async function read(text: string, env: Record<string, string> = {}) {
  return readConfig(env, await loadConfigFile("lb.yaml", () => Promise.resolve(text)));
}

/** The faults of a file. */
async function faults(text: string, env: Record<string, string> = {}): Promise<readonly string[]> {
  const file = await loadConfigFile("lb.yaml", () => Promise.resolve(text));
  return assertThrows(() => readConfig(env, file), ConfigError).faults;
}

test("a file sets what the environment does not", async () => {
  const text = `
listen: { port: 6000, trustedProxies: [10.0.0.0/8, fd00::/8] }
admin: { allowedHosts: [lb.example], open: without-token }
log: { access: 0.01 }
services:
  shop:
    ring: { key: cookie:sid, loadBound: 1.25, fields: true }
    fleet:
      upstreams:
        - a=127.0.0.1:9001*2
        - { name: b, address: "[::1]:9002", weight: 0.5 }
        - 127.0.0.1:9003
    health: { path: "" }
    replica: { env: { DEBUG: 1, NAME: a b }, options: { memory: 512m, cpus: 1.5 } }
`;
  const config = await read(text, { LB_PORT: "7000" });
  assertEquals([config.service, config.listen.port], ["shop", 7000]);
  assertEquals(config.listen.trustedProxies, ["10.0.0.0/8", "fd00::/8"]);
  assertEquals([config.admin.allowedHosts, config.admin.open], [["lb.example"], "without-token"]);
  assertEquals(config.log.access, 0.01);
  assertEquals(config.ring.key, { from: "cookie", name: "sid" });
  assertEquals([config.ring.loadBound, config.ring.fields, config.health.path], [1.25, true, ""]);
  assertEquals(config.fleet.upstreams.map(({ name, weight }) => [name, weight]), [
    ["a", 2],
    ["b", 0.5],
    ["127.0.0.1:9003", 1],
  ]);
  assertEquals(config.replica.env, { DEBUG: "1", NAME: "a b" });
  assertEquals(config.replica.options, { memory: "512m", cpus: 1.5 });
});

test("an empty file, and groups without a setting, set nothing", async () => {
  const { service, listen } = await read("# nothing\n");
  assertEquals([service, listen.port], ["default", 5000]);
  await read("listen:\nservices:\n  a:\n    ring:\n");
});

test("every fault of a file is reported at once, with line, column, name, bound and value", async () => {
  const text = `listen:
  prot: 1
  port: 0x10
LB_KEY: path
ring: {}
services:
  a:
    ring: { slots: 1.5 }
    fleet:
      upstreams:
        - { name: a, adress: x }
        - { name: "-a", address: x:1, weight: 1001 }
    replica: { options: { memory: 1 } }
`;
  const found = await faults(text, { LB_PROT: "1", LB_SLOTS: "x" });
  assertEquals(found.map((fault) => fault.replace(/;.*| must be.*/, "")), [
    "LB_PROT: no setting has this name",
    "LB_SLOTS:",
    "lb.yaml:2:3: listen.prot: no name of this place",
    "lb.yaml:3:9: listen.port:",
    "lb.yaml:4:1: LB_KEY: no name of this place",
    "lb.yaml:5:1: ring: no name of this place",
    "lb.yaml:8:20: services.a.ring.slots:",
    "lb.yaml:11:22: services.a.fleet.upstreams.0.adress: no name of this place",
    "lb.yaml:12:19: services.a.fleet.upstreams.1.name:",
    "lb.yaml:12:47: services.a.fleet.upstreams.1.weight:",
    "lb.yaml:13:35: services.a.replica.options.memory:",
  ]);
  assertMatch(found[2] ?? "", /did you mean port\?$/);
  assertMatch(found[3] ?? "", /must be a whole number from 0 to 65535; got "0x10"$/);
  assertMatch(found[4] ?? "", /it belongs at services\.a\.ring\.key$/);
  assertMatch(found[5] ?? "", /it belongs at services\.a\.ring$/);
});

test("text that is not YAML is a fault with its place", async () => {
  assertMatch((await faults("listen: {port: 1\n")).join(), /^lb\.yaml:\d+:\d+: not valid YAML: /);
  assertMatch((await faults("a: 1\na: 2\n")).join("\n"), /lb\.yaml:2:1: not valid YAML: .*unique/);
  assertMatch((await faults("listen: !secret x\n")).join(), /not valid YAML: Unresolved tag/);
  assertMatch((await faults("- a\n")).join(), /lb\.yaml:1:1: must be a map of groups; got a list/);
  assertMatch((await faults("a: b\n---\nc: d\n")).join(), /multiple documents/);
  assertMatch((await faults("#".repeat(1_000_001))).join(), /at most 1000000 characters/);
});

test("conflicts of settings have the place and the names of the file", async () => {
  assertEquals(await faults("services: { a: { fleet: { replicas: 9, maxReplicas: 8 } } }"), [
    "lb.yaml:1:27: services.a.fleet.replicas: must be at most services.a.fleet.maxReplicas (8); " +
    "got 9",
  ]);
  assertEquals(await faults("engine:\n  kind: static\n"), [
    "LB_UPSTREAMS: must name at least one host:port with engine.kind=static; got none",
  ]);
});

test("a secret stands in a file of its own, which the environment takes precedence over", async () => {
  for (
    const line of ["admin: { token: hush }", "services: { a: { health: { headers: { A: b } } } }"]
  ) {
    assertMatch(
      (await faults(line)).join(),
      /is a secret, which may not stand in the file; \S+File /,
    );
  }
  assertEquals((await faults("admin: { token: hush }")).join().includes("hush"), false);
  const config = await read("admin: { tokenFile: /run/t }", { LB_ADMIN_TOKEN: "hush" });
  assertEquals([config.admin.token, config.admin.tokenFile], ["hush", ""]);
  assertMatch((await faults("services: { a: { fleet: { takeOver: true } } }")).join(), /one start/);
});

test("this version takes one service, whose name has a bound", async () => {
  assertEquals(await faults("services: { a: {}, b: {} }"), [
    "lb.yaml:1:20: services: this version takes one service; got 2: a, b",
  ]);
  assertMatch((await faults("services: { A_b: {} }")).join(), /the name of a service must be 1 to/);
});

test("a setting is described with its origin, and a secret without its value", async () => {
  const text = "listen: { port: 6000 }\nservices: { a: { replica: { env: { A: hush } } } }\n";
  const file = await loadConfigFile("lb.yaml", () => Promise.resolve(text));
  const { origins } = readSettings({ LB_SLOTS: "64", LB_READ_TOKEN: "hush" }, file);
  const all = describeSettings(origins, file, new Map([["LB_LOG_LEVEL", "debug"]]));
  const of = (name: string) => {
    const found = all.find((one) => one.name === name);
    return [found?.value, found?.from, found?.at];
  };
  assertEquals(of("LB_PORT"), ["6000", "file", "lb.yaml:1:11"]);
  assertEquals(of("LB_SLOTS"), ["64", "environment", null]);
  assertEquals(of("LB_HOLD"), ["hold", "default", null]);
  assertEquals(of("LB_LOG_LEVEL"), ["debug", "api", null]);
  assertEquals(of("LB_REPLICA_ENV"), ["(secret)", "file", "lb.yaml:2:29"]);
  assertEquals(JSON.stringify(all).includes("hush"), false);
});

test("the file is named by an option or by the environment, and an unreadable one is a fault", async () => {
  assertEquals(configPath(["--config", "a"], { LB_CONFIG: "b" }), "a");
  assertEquals(configPath(["--config=a"], {}), "a");
  assertEquals(configPath(["--take-over"], { LB_CONFIG: "b" }), "b");
  assertEquals(configPath([], { LB_CONFIG: "" }), undefined);
  const { faults } = await loadConfigFile("/nowhere/lb.yaml");
  assertEquals(faults, ["LB_CONFIG: /nowhere/lb.yaml cannot be read: there is no such file"]);
});
