import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { type Harness, launch, testEngine } from "./conformance.ts";
import type { DockerEngineOptions } from "./docker.ts";
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
import { labelsOf } from "./docker_names.ts";
import { EngineError, type EngineErrorKind, type Launch, OUTPUT_TAIL_LINES } from "./engine.ts";
import { accepts, beats, listen, tcpOf, waitFor } from "./testing.ts";
import { systemTest, systemTest as test, whenPermitted } from "../../tools/test/needs.ts";

const { DockerEngine } = await whenPermitted(() => import("./docker.ts"));
type DockerEngine = InstanceType<typeof DockerEngine>;

testEngine("docker", (): Harness => dockerHarness(), { ignore: DOCKER_TESTS_IGNORED });

/** Registers a test with an engine, and removes everything that it leaves. */
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
  systemTest({ name: `docker: ${name}`, ignore: DOCKER_TESTS_IGNORED, fn });
}

async function nameOf(id: string): Promise<string> {
  return (await must("GET", `/containers/${id}/json`)).Name.slice(1);
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
    const [ours, theirs] = [
      await engine.start(launch("Server1")),
      await stranger.engine.start(launch("Server1")),
    ];
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

dockerTest("a container without a fleet survives, and its name is taken", async ({
  engine,
  options,
}) => {
  const name = `${options.prefix}Server1`;
  const { Id } = await must("POST", `/containers/create?name=${name}`, { Image: IMAGE });
  try {
    assertStringIncludes(await fails(() => engine.start(launch("Server1")), "name-taken"), name);
    await engine.stop(Id, 0);
    assertEquals((await ask("GET", `/containers/${Id}/json`)).status, 200);
    assertEquals(await containersOf(options.fleet), []);
  } finally {
    await must("DELETE", `/containers/${Id}?force=1&v=1`);
  }
});

dockerTest("the error of a missing image names it and the ways to get it", async ({ engine }) => {
  const message = await fails(() => engine.start(launch("Server1")), "image-missing");
  assertStringIncludes(message, `"no-such-image-here:1"`);
  assertStringIncludes(message, "docker pull no-such-image-here:1");
}, { image: "no-such-image-here:1", pull: "never" });

dockerTest("a program that the image lacks is a missing command, and no container is left", async ({
  options,
}) => {
  await withImage(["/no/such/program"], async (image) => {
    const engine = new DockerEngine({ ...options, image });
    await fails(() => engine.start(launch("Server1")), "command-missing");
    assertEquals(await containersOf(options.fleet), []);
  });
});

dockerTest("an exit code is reported, and the dead container is left under another name", async ({
  options,
}) => {
  const command = "deno eval 'await new Promise((wake) => setTimeout(wake, 300)); Deno.exit(4)'";
  const engine = new DockerEngine({ ...options, command });
  const heard = await listen(engine);
  const { id } = await engine.start(launch("Server1"));
  assertEquals((await heard.exitOf(id)).reason, "exit code 4");
  assertEquals(await containersOf(options.fleet), [id]);
  const next = await engine.start(launch("Server1"));
  await heard.exitOf(next.id);
  assertEquals(await nameOf(next.id), `${options.prefix}Server1`);
  assertEquals(await nameOf(id), `${options.prefix}Server1.old-${id.slice(0, 8)}`);
  assertEquals((await engine.remains()).map(({ name }) => name), ["Server1", "Server1"]);
  heard.close();
});

dockerTest("a container is created as the settings say", async ({ engine, options }) => {
  const { id } = await engine.start(launch("Server3"));
  const { Config, HostConfig, Name } = await must("GET", `/containers/${id}/json`);
  assertEquals(Name, `/${options.prefix}Server3`);
  assertEquals(HostConfig.RestartPolicy.Name, "no");
  assertEquals(HostConfig.SecurityOpt, ["no-new-privileges"]);
  assertEquals(Config.Labels["ringkeeper.replica"], "Server3");
  const expected = ["COLOR=blue", "SERVER_NAME=Server3", "SERVER_ID=3", "PORT=5000"];
  for (const line of expected) assert(Config.Env.includes(line), line);
}, { env: { COLOR: "blue", SERVER_NAME: "other" } });

dockerTest(
  "a spare that was renamed keeps its name for a balancer that never saw the rename",
  async ({
    engine,
    options,
  }) => {
    const dead = await engine.start(launch("Server2"));
    await engine.kill(dead.id);
    const [spare, other] = await Promise.all([
      engine.start(launch("spare-1", { spare: true })),
      engine.start(launch("spare-2", { spare: true })),
    ]);
    await engine.rename(spare.id, "Server2");
    assertEquals(await nameOf(spare.id), `${options.prefix}Server2`);
    assertEquals(await nameOf(dead.id), `${options.prefix}Server2.old-${dead.id.slice(0, 8)}`);
    const next = new DockerEngine(options);
    const byName = (a: { name: string }, b: { name: string }) => a.name < b.name ? -1 : 1;
    assertEquals([...await next.list()].sort(byName), [
      { ...spare, name: "Server2", spare: false },
      other,
    ]);
    await next.kill(spare.id);
    assertEquals(
      [...await next.remains()].map(({ id, name, spare }) => [id, name, spare]).sort(),
      [
        [dead.id, "Server2", false],
        [spare.id, "Server2", false],
      ].sort(),
    );
  },
);

dockerTest("the exit of a renamed spare carries its new name", async ({ engine }) => {
  const heard = await listen(engine);
  const { id } = await engine.start(launch("spare-1", { spare: true }));
  await engine.rename(id, "Server2");
  await engine.kill(id);
  const { name, reason } = await heard.exitOf(id);
  assertEquals([name, reason], ["Server2", "exit code 137 (killed)"]);
  heard.close();
});

dockerTest("a holder of this fleet is renamed in every state", async ({
  engine,
  options,
}) => {
  const name = `${options.prefix}Server1`;
  const Labels = labelsOf(options.fleet, launch("Server1"));
  const { Id } = await must("POST", `/containers/create?name=${name}`, { Image: IMAGE, Labels });
  const holders = [Id];
  const paused = await engine.start(launch("Server1"));
  await must("POST", `/containers/${paused.id}/pause`);
  const running = await engine.start(launch("Server1"));
  const last = await engine.start(launch("Server1"));
  for (const id of [...holders, paused.id, running.id]) {
    assertEquals(await nameOf(id), `${name}.old-${id.slice(0, 8)}`);
  }
  assertEquals(await nameOf(last.id), name);
  assertEquals(await engine.list(), [paused, running, last]);
  assertEquals(await engine.remains(), [{ id: Id, name: "Server1", spare: false }]);
});

dockerTest(
  "a container that is being started is not among the remains",
  async ({ engine, options }) => {
    const starting = engine.start(launch("Server1"));
    await waitFor("a container", async () => (await containersOf(options.fleet)).length === 1);
    assertEquals(await engine.remains(), []);
    await starting;
  },
);

dockerTest("a paused container is killed like any other", async ({ engine }) => {
  const heard = await listen(engine);
  const { id } = await engine.start(launch("Server1"));
  await must("POST", `/containers/${id}/pause`);
  assertEquals(heard.events, []);
  await engine.kill(id);
  await heard.exitOf(id);
  assertEquals(await engine.remains(), [{ id, name: "Server1", spare: false }]);
  heard.close();
});

dockerTest("another fleet's container is neither killed nor read", async ({ engine, options }) => {
  const stranger = dockerHarness({ network: options.network });
  try {
    const { id } = await stranger.engine.start(launch("Server1"));
    await fails(() => engine.kill(id), "failed");
    assertEquals(await engine.readOutputTail(id), []);
    assertEquals((await stranger.engine.list()).length, 1);
  } finally {
    await stranger.engine.close();
    await stranger.dispose?.();
  }
});

/** Returns the launch of Deno code that writes and then waits for its end. */
function thatWrites(code: string): Launch {
  const command = `deno eval '${code}; await new Promise(() => setInterval(() => {}, 1000))'`;
  return launch("Server1", { template: { command } });
}

dockerTest("the output tail of a container can be read while it runs and after its end", async ({
  engine,
}) => {
  const { id } = await engine.start(
    thatWrites(`for (let i = 0; i < 50; i++) console.log("line " + i)`),
  );
  const words = () => engine.readOutputTail(id);
  await waitFor("the last line", async () => (await words()).at(-1) === "line 49");
  const running = await words();
  assertEquals(running.length, OUTPUT_TAIL_LINES);
  await engine.kill(id);
  assertEquals(await words(), running);
  await engine.stop(id, 0);
  assertEquals(await words(), []);
});

// The Engine reads the two streams concurrently, so the order of their lines is undefined.
dockerTest("the output tail of a container includes both streams", async ({ engine }) => {
  const { id } = await engine.start(thatWrites(`console.log("out"); console.error("err")`));
  const words = () => engine.readOutputTail(id);
  await waitFor("both lines", async () => (await words()).length === 2);
  assertEquals([...await words()].sort(), ["err", "out"]);
});

dockerTest("a launch can have its own image", async ({ engine }) => {
  const template = { image: "127.0.0.1:9/no-such-image-here:2" };
  const starting = () => engine.start(launch("Server1", { template }));
  assertStringIncludes(await fails(starting, "image-missing"), "no-such-image-here:2");
  const words = { template: { command: "a | b" } };
  await fails(() => engine.start(launch("Server1", words)), "command-missing");
});

dockerTest("a published replica answers on this host's loopback address, while it runs", async ({
  engine,
}) => {
  const { id, address } = await engine.start(launch("Server1"));
  assertEquals(tcpOf(address).hostname, "127.0.0.1");
  await waitFor("a heartbeat", () => beats(address));
  assertEquals((await engine.list()).map((instance) => instance.address), [address]);
  await engine.stop(id, 5000);
  assertEquals(await accepts(address), false);
}, { reach: "published" });

dockerTest("a paused container is listed, and stopped like any other", async ({ engine }) => {
  for (const graceMs of [0, 2000]) {
    const instance = await engine.start(launch("Server1"));
    await must("POST", `/containers/${instance.id}/pause`);
    assertEquals(await engine.list(), [instance]);
    await engine.stop(instance.id, graceMs);
    assertEquals((await ask("GET", `/containers/${instance.id}/json`)).status, 404);
  }
});

dockerTest("a container that ignores SIGTERM is killed after the grace", async ({ options }) => {
  // Process 1 ignores every signal without a handler.
  const command = "deno eval 'await new Promise(() => setInterval(() => {}, 1000))'";
  const engine = new DockerEngine({ ...options, command });
  const heard = await listen(engine);
  const { id } = await engine.start(launch("Server1"));
  await engine.stop(id, 100);
  assertEquals((await heard.exitOf(id)).reason, "exit code 137 (killed)");
  assertEquals(await containersOf(options.fleet), []);
  heard.close();
});

dockerTest("the network is created once, and removed once no container uses it", async ({
  engine,
  options,
}) => {
  await Promise.all([engine.start(launch("Server1")), engine.start(launch("Server2"))]);
  assertEquals((await must("GET", `/networks/${options.network}`)).Driver, "bridge");
  await engine.removeNetwork();
  assertEquals((await ask("GET", `/networks/${options.network}`)).status, 200);
  for (const { id } of await engine.list()) await engine.stop(id, 0);
  await engine.removeNetwork();
  await engine.removeNetwork();
  assertEquals((await ask("GET", `/networks/${options.network}`)).status, 404);
});

dockerTest("a pruned network is created again", async ({ engine, options }) => {
  const { id } = await engine.start(launch("Server1"));
  await engine.stop(id, 0);
  await must("DELETE", `/networks/${options.network}`);
  const again = await Promise.all(["Server1", "Server2"].map((name) => engine.start(launch(name))));
  for (const { address } of again) await waitFor("a heartbeat", () => beats(address));
});

test({
  name: "docker: a network of another owner stays",
  ignore: DOCKER_TESTS_IGNORED,
  fn: async () => {
    const network = uniqueName();
    await must("POST", "/networks/create", { Name: network });
    const harness = dockerHarness({ network });
    try {
      const { id } = await harness.engine.start(launch("Server1"));
      await harness.engine.stop(id, 0);
      await harness.engine.removeNetwork();
      assertEquals((await ask("GET", `/networks/${network}`)).status, 200);
    } finally {
      await harness.engine.close();
      await harness.dispose?.();
    }
  },
});

test({
  name: "docker: two networks of one name are an error that names it, and nothing is started",
  ignore: DOCKER_TESTS_IGNORED,
  fn: async () => {
    const network = uniqueName();
    const make = () => must("POST", "/networks/create", { Name: network, CheckDuplicate: false });
    const ids = [(await make()).Id, (await make()).Id];
    const { engine, options } = dockerHarness({ network });
    try {
      const message = await fails(() => engine.start(launch("Server1")), "failed");
      assertStringIncludes(message, network);
      assertStringIncludes(message, "2 matches");
      assertEquals(await containersOf(options.fleet), []);
    } finally {
      await engine.close();
      for (const id of ids) await must("DELETE", `/networks/${id}`);
    }
  },
});

test({
  name: "docker: the documented permissions suffice",
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

test("docker: an invalid command line is refused before any call", () => {
  const { options } = dockerHarness();
  assertThrows(() => new DockerEngine({ ...options, command: "a | b" }), Error, "run by no shell");
});
