import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { INHERITED_NAMES } from "../balancer/engine/inherited_environment.ts";
import { SETTINGS } from "../balancer/settings/settings.ts";
import { balancerArgs, denoArgs } from "./up/balancer_command.ts";
import { composeArgs } from "./docker/compose.ts";
import { denoVersion, ROOT } from "./project.ts";
import { systemTest as test } from "./test/needs.ts";

const read = (path: string) => Deno.readTextFile(new URL(path, ROOT));

test("project: every file that names the Deno image names the pinned version", async () => {
  const image = `denoland/deno:${await denoVersion()}`;
  for (const path of ["Dockerfile.balancer", "Dockerfile.replica", "compose.yaml"]) {
    const named = (await read(path)).match(/denoland\/deno:[\w.]+/g) ?? [];
    assert(named.length > 0 && named.every((name) => name === image), `${path}: ${named}`);
  }
});

test("project: compose.yaml passes every setting to the balancer", async () => {
  const compose = await read("compose.yaml");
  // LB_UPSTREAMS is for the engine static, and compose.yaml starts the engine docker.
  const left = ["LB_UPSTREAMS"];
  for (const name of Object.keys(SETTINGS).filter((name) => !left.includes(name))) {
    assertStringIncludes(compose, `- ${name}`, `compose.yaml does not pass ${name} on`);
  }
});

test("project: traces have the same defaults in a container and in a process", async () => {
  // In compose.yaml a name without a value removes the variable, even if it is unset outside.
  const defaults = (text: string) =>
    [...text.matchAll(/(OTEL_\w+)="?\\?\$\{\1:-(\w+)\}/g)].map(([, ...found]) => found).sort();
  const found = defaults(await read("compose.yaml"));
  assertEquals(found, defaults(await read("tools/up/process.ts")));
  assertEquals(found.map(([name]) => name), [
    "OTEL_DENO_CONSOLE",
    "OTEL_DENO_METRICS",
    "OTEL_SERVICE_NAME",
    "OTEL_TRACES_SAMPLER",
  ]);
});

test("project: no task asks for all permissions", async () => {
  const { tasks } = JSON.parse(await read("deno.json"));
  for (const task of Object.values<string>(tasks)) {
    assertEquals(/\s(-A|--allow-all)\b/.test(task), false, task);
  }
});

test("project: a balancer in the background has the permissions of the task", async () => {
  const args = await balancerArgs();
  assertEquals(args[0], "run");
  assertEquals(args.at(-1), "balancer/main.ts");
  assert(
    args.some((arg) => arg.startsWith("--allow-env=LB_*,DOCKER_CERT_PATH,DOCKER_TLS_VERIFY,")),
    args.join(" "),
  );
  assertEquals(denoArgs("deno run 'a b' c_*"), ["run", "a b", "c_*"]);
});

test("project: the balancer may read its replicas' environment", async () => {
  const names = (await balancerArgs()).find((arg) => arg.startsWith("--allow-env="))?.split(",");
  assertEquals(INHERITED_NAMES.filter((name) => !names?.includes(name)), []);
});

Deno.test("project: either compose is called with the project's name", () => {
  assertEquals(composeArgs(["docker", "compose"], "shop", "up"), ["compose", "-p", "shop", "up"]);
  assertEquals(composeArgs(["docker-compose"], "shop", "up"), ["-p", "shop", "up"]);
});
