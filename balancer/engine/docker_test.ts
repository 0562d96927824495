import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { type Harness, testEngine } from "./conformance.ts";
import { DockerEngine, type DockerEngineOptions } from "./docker.ts";
import type { DockerHarness } from "./docker_harness.ts";
import {
  ask,
  containersOf,
  DOCKER_TESTS_IGNORED,
  dockerHarness,
  IMAGE,
  must,
  SOCKET,
  uniqueName,
  withImage,
} from "./docker_harness.ts";
import { EngineError, type EngineErrorKind } from "./engine.ts";
import { accepts, beats, listen, waitFor } from "./testing.ts";

testEngine("docker", (): Harness => dockerHarness(), { ignore: DOCKER_TESTS_IGNORED });

/** Registers a test with an engine, whose leavings are swept up afterwards. */
function dockerTest(
  name: string,
  test: (harness: DockerHarness) => Promise<void>,
  changes: Partial<DockerEngineOptions> = {},
): void {
  const fn = async () => {
    const harness = dockerHarness(changes);
    try {
      await test(harness);
    } finally {
      await harness.engine.close();
      await harness.dispose?.();
    }
  };
  Deno.test({ name: `docker: ${name}`, ignore: DOCKER_TESTS_IGNORED, fn });
}

async function fails(call: () => Promise<unknown>, kind: EngineErrorKind): Promise<string> {
  const error = await assertRejects(call, EngineError);
  assertEquals(error.kind, kind, error.message);
  return error.message;
}

dockerTest("another fleet's containers are neither listed, reported, stopped nor replaced", async ({
  engine,
  options,
}) => {
  const stranger = dockerHarness({ network: options.network });
  try {
    const heard = await listen(engine);
    const [ours, theirs] = [await engine.start("Server1"), await stranger.engine.start("Server1")];
    await engine.stop(theirs.id, 0);
    assertEquals(await engine.list(), [ours]);
    assertEquals(await stranger.engine.list(), [theirs]);
    await stranger.engine.stop(theirs.id, 0);
    await engine.stop(ours.id, 0);
    assertEquals((await heard.exitOf(ours.id)).id, ours.id);
    assertEquals(heard.events.length, 1);
    heard.close();
  } finally {
    await stranger.engine.close();
    await stranger.dispose?.();
  }
});

dockerTest("a container that is nobody's fleet survives, and its name is taken", async ({
  engine,
  options,
}) => {
  const name = `${options.prefix}Server1`;
  const { Id } = await must("POST", `/containers/create?name=${name}`, { Image: IMAGE });
  try {
    assertStringIncludes(await fails(() => engine.start("Server1"), "name-taken"), name);
    await engine.stop(Id, 0);
    assertEquals((await ask("GET", `/containers/${Id}/json`)).status, 200);
    assertEquals(await containersOf(options.fleet), []);
  } finally {
    await must("DELETE", `/containers/${Id}?force=1&v=1`);
  }
});

dockerTest("a missing image is named together with the ways to get it", async ({ engine }) => {
  const message = await fails(() => engine.start("Server1"), "image-missing");
  assertStringIncludes(message, `"no-such-image-here:1"`);
  assertStringIncludes(message, "docker pull no-such-image-here:1");
}, { image: "no-such-image-here:1" });

dockerTest("a program that the image lacks is a missing command, and nothing is left", async ({
  options,
}) => {
  await withImage(["/no/such/program"], async (image) => {
    const engine = new DockerEngine({ ...options, image });
    await fails(() => engine.start("Server1"), "command-missing");
    assertEquals(await containersOf(options.fleet), []);
  });
});

dockerTest("an exit code is reported, and the next start clears the dead container away", async ({
  options,
}) => {
  await withImage(["deno", "eval"], async (image) => {
    const command = "'await new Promise((wake) => setTimeout(wake, 300)); Deno.exit(4)'";
    const engine = new DockerEngine({ ...options, image, command });
    const heard = await listen(engine);
    const { id } = await engine.start("Server1");
    assertEquals((await heard.exitOf(id)).reason, "exit code 4");
    assertEquals(await containersOf(options.fleet), [id]);
    const next = await engine.start("Server1");
    assertEquals(await containersOf(options.fleet), [next.id]);
    heard.close();
  });
});

dockerTest("a container is created as the settings say", async ({ engine, options }) => {
  const { id } = await engine.start("Server3");
  const { Config, HostConfig, Name } = await must("GET", `/containers/${id}/json`);
  assertEquals(Name, `/${options.prefix}Server3`);
  assertEquals(HostConfig.RestartPolicy.Name, "no");
  assertEquals(HostConfig.SecurityOpt, ["no-new-privileges"]);
  assertEquals(Config.Labels["ringkeeper.replica"], "Server3");
  const expected = ["COLOR=blue", "SERVER_NAME=Server3", "SERVER_ID=3", "PORT=5000"];
  for (const line of expected) assert(Config.Env.includes(line), line);
}, { env: { COLOR: "blue", SERVER_NAME: "other" } });

dockerTest("a published replica answers on this host's loopback address, while it runs", async ({
  engine,
}) => {
  const { id, address } = await engine.start("Server1");
  assertEquals(address.hostname, "127.0.0.1");
  await waitFor("a heartbeat", () => beats(address));
  assertEquals((await engine.list()).map((instance) => instance.address), [address]);
  await engine.stop(id, 5000);
  assertEquals(await accepts(address), false);
}, { reach: "published" });

dockerTest("a paused container is listed, and stopped like any other", async ({ engine }) => {
  for (const graceMs of [0, 2000]) {
    const instance = await engine.start("Server1");
    await must("POST", `/containers/${instance.id}/pause`);
    assertEquals(await engine.list(), [instance]);
    await engine.stop(instance.id, graceMs);
    assertEquals((await ask("GET", `/containers/${instance.id}/json`)).status, 404);
  }
});

dockerTest("a container that ignores SIGTERM is killed after the grace", async ({ options }) => {
  await withImage(["deno", "eval"], async (image) => {
    // As process 1 it ignores every signal that it has no handler for.
    const command = "'await new Promise(() => setInterval(() => {}, 1000))'";
    const engine = new DockerEngine({ ...options, image, command });
    const heard = await listen(engine);
    const { id } = await engine.start("Server1");
    await engine.stop(id, 100);
    assertEquals((await heard.exitOf(id)).reason, "exit code 137 (killed)");
    assertEquals(await containersOf(options.fleet), []);
    heard.close();
  });
});

dockerTest("the network is made once, and removed once nobody uses it", async ({
  engine,
  options,
}) => {
  await Promise.all([engine.start("Server1"), engine.start("Server2")]);
  assertEquals((await must("GET", `/networks/${options.network}`)).Driver, "bridge");
  await engine.removeNetwork();
  assertEquals((await ask("GET", `/networks/${options.network}`)).status, 200);
  for (const { id } of await engine.list()) await engine.stop(id, 0);
  await engine.removeNetwork();
  await engine.removeNetwork();
  assertEquals((await ask("GET", `/networks/${options.network}`)).status, 404);
});

dockerTest("a network that was pruned is made again", async ({ engine, options }) => {
  const { id } = await engine.start("Server1");
  await engine.stop(id, 0);
  await must("DELETE", `/networks/${options.network}`);
  assertEquals((await engine.start("Server1")).name, "Server1");
});

Deno.test({
  name: "docker: a network that somebody else made stays",
  ignore: DOCKER_TESTS_IGNORED,
  fn: async () => {
    const network = uniqueName();
    await must("POST", "/networks/create", { Name: network });
    const harness = dockerHarness({ network });
    try {
      const { id } = await harness.engine.start("Server1");
      await harness.engine.stop(id, 0);
      await harness.engine.removeNetwork();
      assertEquals((await ask("GET", `/networks/${network}`)).status, 200);
    } finally {
      await harness.engine.close();
      await harness.dispose?.();
    }
  },
});

Deno.test({
  name: "docker: the engine needs no more than the permissions that it names",
  ignore: DOCKER_TESTS_IGNORED,
  fn: async () => {
    const script = new URL("./testdata/permitted.ts", import.meta.url).href;
    const socket = [`--allow-read=${SOCKET}`, `--allow-write=${SOCKET}`];
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "--no-prompt", "--allow-net", "--ignore-env", ...socket, script],
    }).output();
    assertEquals(code, 0, new TextDecoder().decode(stderr));
  },
});

Deno.test("docker: a command line that is none is refused before anything is asked", () => {
  const { options } = dockerHarness();
  assertThrows(() => new DockerEngine({ ...options, command: "a | b" }), Error, "run by no shell");
});
