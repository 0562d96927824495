import { assert, assertEquals, assertMatch } from "@std/assert";
import { run } from "../command.ts";
import { missing, systemTest as test } from "./needs.ts";
import { ROOT } from "../project.ts";

/** Test files of every kind: pure, sockets, files, programs, containers, a browser, packages. */
const KINDS = [
  "balancer/engine/docker_events_test.ts",
  "balancer/engine/memory_test.ts",
  "balancer/engine/podman_test.ts",
  "balancer/engine/process_launch_test.ts",
  "balancer/proxy/routing/admission_test.ts",
  "balancer/settings/unknown_names_test.ts",
  "tests/blackbox/clock_test.ts",
  "tests/integration/docker_test.ts",
  "tests/blackbox/http_peers_test.ts",
  "tests/blackbox/http_upgrade_test.ts",
  "tests/integration/metrics_test.ts",
  "tests/blackbox/page_test.ts",
  "tools/up/state_test.ts",
];

/** A run takes about ten seconds; a loaded machine takes longer. */
const DEADLINE_MS = 180_000;

test("needs: a test run without permissions ignores the tests that need them, and fails nowhere", async () => {
  const files = KINDS.map((path) => new URL(path, ROOT).pathname);
  const config = `--config=${new URL("deno.json", ROOT).pathname}`;
  const args = ["test", config, "--no-check", "--no-prompt", "--no-lock", ...files];
  const options = { env: { NO_COLOR: "1" }, timeoutMs: DEADLINE_MS };
  const { code, stdout } = await run(Deno.execPath(), args, options);
  assertMatch(stdout, /ok \| [1-9]\d* passed .*\| 0 failed \| [1-9]\d* ignored/);
  assertMatch(stdout, /ignored: needs env, net, read, run, sys, write; deno test -P runs it/);
  assertEquals(code, 0);
});

test("needs: nothing is missing if all permissions are granted", () => {
  assertEquals(missing("env", "net", "read", "run", "sys", "write"), []);
  assert(test === Deno.test);
});
