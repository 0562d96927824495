import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { assertRejects } from "@std/assert";
import { launch } from "./conformance.ts";
import {
  ask,
  DOCKER_TESTS_IGNORED,
  type DockerHarness,
  dockerHarness,
  must,
  uniqueName,
} from "./docker_harness.ts";
import { EngineError } from "./engine.ts";
import type { ReplicaOptions } from "./replica_options.ts";
import { beats, tcpOf, waitFor } from "./testing.ts";
import { systemTest } from "../../tools/test/needs.ts";

function optionsTest(
  name: string,
  options: ReplicaOptions,
  test: (harness: DockerHarness) => Promise<void>,
): void {
  systemTest({
    name: `docker options: ${name}`,
    ignore: DOCKER_TESTS_IGNORED,
    fn: async () => {
      const harness = dockerHarness({ options });
      try {
        await test(harness);
      } finally {
        await harness.engine.close();
        await harness.dispose?.();
      }
    },
  });
}

/** Returns the output of a program in a new container. */
async function outputOf({ engine }: DockerHarness, name: string, script: string): Promise<string> {
  const command = `deno eval "${script}"`;
  const { id } = await engine.start(launch(name, { template: { command } }));
  await must("POST", `/containers/${id}/wait`);
  const words = (await engine.readOutputTail(id)).join("\n");
  await engine.stop(id, 0);
  return words;
}

const BOUNDS = {
  memory: "256m",
  cpus: 0.5,
  pids: 200,
  readOnly: true,
  tmpfs: ["/tmp:size=1m"],
  capDrop: ["ALL"],
  capAdd: ["NET_BIND_SERVICE"],
  user: "65533:65533",
  extraHosts: ["db:10.9.8.7"],
  labels: { team: "$FLEET/$SERVER_NAME" },
  stopSignal: "SIGINT",
};

optionsTest(
  "a replica lives within bounds, and the Engine has all of them",
  BOUNDS,
  async (harness) => {
    const { engine, options } = harness;
    const { id, address } = await engine.start(launch("Server1"));
    await waitFor("a heartbeat", () => beats(address));
    const { Config, HostConfig } = await must("GET", `/containers/${id}/json`);
    assertEquals([HostConfig.Memory, HostConfig.NanoCpus, HostConfig.PidsLimit], [
      2 ** 28,
      5e8,
      200,
    ]);
    assertEquals([HostConfig.ReadonlyRootfs, HostConfig.Tmpfs], [true, { "/tmp": "size=1m" }]);
    assertEquals([HostConfig.CapDrop, HostConfig.CapAdd], [["ALL"], ["NET_BIND_SERVICE"]]);
    assertEquals([Config.User, Config.StopSignal], ["65533:65533", "SIGINT"]);
    assertEquals(HostConfig.ExtraHosts, ["db:10.9.8.7"]);
    assertEquals(Config.Labels.team, `${options.fleet}/Server1`);
    assertEquals(HostConfig.LogConfig, {
      Type: "json-file",
      Config: { "max-file": "3", "max-size": "10m" },
    });
  },
);

optionsTest("a volume of a replica's own survives its replacement, and no other has it", {
  volumes: ["$FLEET-data-$SERVER_NAME:/data"],
  user: "0",
}, async (harness) => {
  const { fleet } = harness.options;
  const note =
    "Deno.writeTextFileSync('/data/note', Deno.env.get('SERVER_NAME'), { append: true });" +
    "console.log(Deno.readTextFileSync('/data/note'))";
  const volumes = ["Server1", "Server2"].map((name) => `${fleet}-data-${name}`);
  try {
    assertEquals(await outputOf(harness, "Server1", note), "Server1");
    assertEquals(await outputOf(harness, "Server2", note), "Server2");
    assertEquals(await outputOf(harness, "Server1", note), "Server1Server1");
    const { Labels } = await must("GET", `/volumes/${volumes[0]}`);
    assertEquals(Labels, { "ringkeeper.fleet": fleet });
  } finally {
    for (const volume of volumes) await must("DELETE", `/volumes/${volume}`);
  }
});

systemTest({
  name: "docker options: a secret is a file that is read under its name",
  ignore: DOCKER_TESTS_IGNORED,
  fn: async () => {
    const path = await Deno.makeTempFile();
    await Deno.writeTextFile(path, "hush");
    const harness = dockerHarness({ options: { secrets: { "db-password": path }, user: "0" } });
    try {
      const script = "console.log(Deno.readTextFileSync('/run/secrets/db-password'))";
      assertEquals(await outputOf(harness, "Server1", script), "hush");
    } finally {
      await harness.engine.close();
      await harness.dispose?.();
      await Deno.remove(path);
    }
  },
});

optionsTest("a file that is missing fails the start, and nothing is left", {
  secrets: { key: "/no/such/file" },
}, async ({ engine, options }) => {
  const { message } = await assertRejects(() => engine.start(launch("Server1")), EngineError);
  assertStringIncludes(message, "/no/such/file");
  assertEquals(await engine.remains(), []);
  assert((await ask("GET", `/containers/${options.prefix}Server1/json`)).status === 404);
});

systemTest({
  name: "docker options: further networks are joined, and the address stays that of the fleet's",
  ignore: DOCKER_TESTS_IGNORED,
  fn: async () => {
    const network = uniqueName();
    await must("POST", "/networks/create", { Name: network });
    const harness = dockerHarness({ options: { networks: [network] } });
    try {
      const { id, address } = await harness.engine.start(launch("Server1"));
      const { Networks } = (await must("GET", `/containers/${id}/json`)).NetworkSettings;
      assertEquals(Object.keys(Networks).sort(), [harness.options.network, network].sort());
      assertEquals(tcpOf(address).hostname, Networks[harness.options.network].IPAddress);
      await waitFor("a heartbeat", () => beats(address));
    } finally {
      await harness.engine.close();
      await harness.dispose?.();
      await must("DELETE", `/networks/${network}`);
    }
  },
});

optionsTest("a further network that is missing fails the start by its name", {
  networks: ["no-such-network-here"],
}, async ({ engine }) => {
  const { message } = await assertRejects(() => engine.start(launch("Server1")), EngineError);
  assertStringIncludes(message, "no-such-network-here");
  assertEquals(await engine.remains(), []);
});
