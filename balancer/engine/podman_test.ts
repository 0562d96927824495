import { assertEquals, assertStringIncludes } from "@std/assert";
import { launch, testEngine } from "./conformance.ts";
import { DOCKER_TESTS_IGNORED, type DockerHarness, dockerHarness, must } from "./docker_harness.ts";
import { Podman } from "./podman_harness.ts";
import { listen } from "./testing.ts";
import { systemTest as test } from "../../tools/test/needs.ts";

const podman = DOCKER_TESTS_IGNORED ? "no Docker Engine has its image" : await Podman.start();
const ignore = typeof podman === "string";
const label = ignore ? `podman (not tested here: ${podman})` : "podman";

if (!ignore) test.afterAll(() => podman.close());

function podmanHarness(): DockerHarness {
  const socketPath = ignore ? "" : podman.socketPath;
  return dockerHarness({ connection: { socketPath } });
}

testEngine(label, podmanHarness, { ignore });

test({
  name: `${label}: an image is pinned by the id that its containers have`,
  ignore,
  fn: async () => {
    const { engine, dispose } = podmanHarness();
    try {
      const template = await engine.pin({});
      const started = await engine.start(launch("Server1", { template }));
      assertEquals(started.template, template);
    } finally {
      await engine.close();
      await dispose?.();
    }
  },
});

test({
  name: `${label}: a container has the options that were set`,
  ignore,
  fn: async () => {
    const { engine, options, dispose } = podmanHarness();
    const socketPath = ignore ? "" : podman.socketPath;
    const volumes = ["$FLEET-$SERVER_NAME:/data:ro"];
    const template = { options: { memory: "256m", readOnly: true, tmpfs: ["/tmp"], volumes } };
    try {
      const { id } = await engine.start(launch("Server1", { template }));
      const { HostConfig, Mounts } = await must("GET", `/containers/${id}/json`, undefined, {
        socketPath,
      });
      assertEquals([HostConfig.Memory, HostConfig.ReadonlyRootfs], [2 ** 28, true]);
      const names = Mounts.map(({ Name }: { Name?: string }) => Name);
      assertEquals(names, [`${options.fleet}-Server1`]);
    } finally {
      await engine.close();
      await dispose?.();
    }
  },
});

test({
  name: `${label}: the output tail of a container can be read after its end`,
  ignore,
  fn: async () => {
    const { engine, dispose } = podmanHarness();
    try {
      const heard = await listen(engine);
      const command = `deno eval "console.error('no such database'); Deno.exit(3)"`;
      const { id } = await engine.start(launch("Server1", { template: { command } }));
      assertStringIncludes((await heard.exitOf(id)).reason, "exit code 3");
      assertEquals(await engine.readOutputTail(id), ["no such database"]);
      heard.close();
    } finally {
      await engine.close();
      await dispose?.();
    }
  },
});
