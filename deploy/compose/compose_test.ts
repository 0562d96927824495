import { assert, assertEquals, assertMatch } from "@std/assert";
import { DOCKER_TESTS_IGNORED, uniqueName } from "../../balancer/engine/docker_harness.ts";
import { waitFor } from "../../balancer/engine/testing.ts";
import { type Result, run } from "../../tools/command.ts";
import { composeArgs, findCompose } from "../../tools/docker/compose.ts";
import { buildImages } from "../../tools/docker/images.ts";
import { ROOT } from "../../tools/project.ts";
import { systemTest as test } from "../../tools/test/needs.ts";

/** Longest wait for one step, in milliseconds. */
const STEP_MS = 120_000;

/** The example as compose runs it, under a project and on ports of its own. */
async function compose(
  project: string,
  env: Record<string, string>,
  ...args: string[]
): Promise<Result> {
  const program = await findCompose();
  assert(program, "there is an Engine, but no compose");
  const options = { env, cwd: new URL("deploy/compose/", ROOT), timeoutMs: STEP_MS };
  return await run(program[0], composeArgs(program, project, ...args), options);
}

test({
  name: "the compose example balances a service beside it, and leaves nothing",
  ignore: DOCKER_TESTS_IGNORED,
  fn: async () => {
    await buildImages(() => {});
    const [project, port, api] = [uniqueName(), freePort(), freePort()];
    const env = { LB_PORT: String(port), API_PORT: String(api) };
    try {
      const { code, stderr } = await compose(project, env, "up", "-d");
      assertEquals(code, 0, stderr);
      const home = `http://127.0.0.1:${port}/home`;
      const ready = () => textOf(`http://127.0.0.1:${api}/_lb/healthz`, /"ready":2/);
      await waitFor("two servers", async () => await ready() !== undefined, STEP_MS);
      await waitFor("the service", async () => await textOf(home, /Hello/) !== undefined, STEP_MS);
      assertMatch(await textOf(home, /Hello/) ?? "", /Hello from Server: (blue|green)/);
    } finally {
      const { code, stderr } = await compose(project, env, "down", "-v");
      assertEquals(code, 0, stderr);
    }
  },
});

/** The body of an answer; undefined where there is none, or it does not match. */
async function textOf(url: string, expected: RegExp): Promise<string | undefined> {
  try {
    const text = await (await fetch(url)).text();
    return expected.test(text) ? text : undefined;
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}
