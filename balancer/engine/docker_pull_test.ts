import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { launch } from "./conformance.ts";
import type { DockerEngineOptions } from "./docker.ts";
import {
  ask,
  DOCKER_TESTS_IGNORED,
  type DockerHarness,
  dockerHarness,
  must,
} from "./docker_harness.ts";
import { EngineError } from "./engine.ts";
import { Registry, REGISTRY_TESTS_IGNORED } from "./registry_harness.ts";
import { systemTest } from "../../tools/test/needs.ts";

/** Registers a test with a registry. */
function pullTest(
  name: string,
  access: "open" | "password",
  test: (registry: Registry) => Promise<void>,
): void {
  systemTest({
    name: `docker pull: ${name}`,
    ignore: DOCKER_TESTS_IGNORED || REGISTRY_TESTS_IGNORED,
    fn: async () => {
      await using registry = await Registry.start(access);
      await test(registry);
    },
  });
}

async function withEngine(
  changes: Partial<DockerEngineOptions>,
  test: (harness: DockerHarness) => Promise<void>,
): Promise<void> {
  const harness = dockerHarness(changes);
  try {
    await test(harness);
  } finally {
    await harness.engine.close();
    await harness.dispose?.();
  }
}

async function pinFails(changes: Partial<DockerEngineOptions>): Promise<EngineError> {
  const { engine } = dockerHarness(changes);
  return await assertRejects(() => engine.pin({}), EngineError);
}

async function exists(image: string): Promise<boolean> {
  return (await ask("GET", `/images/${image}/json`)).status === 200;
}

/** The image of the tests has no program, so a start fails after the pull. */
async function startsAsFarAsItCan(call: () => Promise<unknown>): Promise<void> {
  assertEquals((await assertRejects(call, EngineError)).kind, "command-missing");
}

const command = "/no/program";

pullTest(
  "an image that is missing is pulled, with progress, and pinned",
  "open",
  async (registry) => {
    const { reference, id } = await registry.put("one");
    await withEngine({ image: reference }, async ({ engine }) => {
      const lines: string[] = [];
      const pinned = await engine.pin({}, (line) => lines.push(line));
      assertEquals([pinned.image, pinned.imageId], [reference, id]);
      assert(pinned.imageDigest?.startsWith(`${reference.replace(/:1$/, "")}@sha256:`));
      assertEquals(lines.at(0), `pulling ${reference} from ${registry.host}`);
      assertEquals(lines.at(-1), `pulled ${reference}`);
    });
  },
);

pullTest("starts of a missing image at the same time share one pull", "open", async (registry) => {
  const { reference } = await registry.put("shared");
  const lines: string[] = [];
  const onProgress = (line: string) => void lines.push(line);
  await withEngine({ image: reference, command, onProgress }, async ({ engine }) => {
    const names = ["Server1", "Server2", "Server3"];
    const starts = names.map((name) => startsAsFarAsItCan(() => engine.start(launch(name))));
    await Promise.all(starts);
    assertEquals(lines.filter((line) => line.startsWith("pulled")).length, 1);
  });
});

pullTest(
  "an image that is there is pulled only where that is asked for each time",
  "open",
  async (registry) => {
    const old = await registry.put("old", "moving");
    const { engine } = dockerHarness({ image: old.reference });
    assertEquals((await engine.pin({})).imageId, old.id);
    const next = await registry.put("new", "moving");
    const always = dockerHarness({ image: old.reference, pull: "always" }).engine;
    assertEquals((await always.pin({})).imageId, next.id);
    await registry.put("newest", "moving");
    await must("POST", `/images/${old.id}/tag?repo=${registry.host}/moving&tag=1`);
    assertEquals((await engine.pin({})).imageId, old.id);
  },
);

pullTest(
  "with LB_PULL=never nothing is pulled, and the error says so",
  "open",
  async (registry) => {
    const { reference } = await registry.put("never");
    const { kind, message } = await pinFails({ image: reference, pull: "never" });
    assertEquals([kind, await exists(reference)], ["image-missing", false]);
    assertStringIncludes(message, "LB_PULL=never");
  },
);

pullTest(
  "a removed image is pulled again by its digest, though the tag has moved",
  "open",
  async (registry) => {
    const { reference, id } = await registry.put("first", "app");
    await withEngine({ image: reference, command }, async ({ engine }) => {
      const template = await engine.pin({});
      await registry.put("second", "app");
      await must("DELETE", `/images/${id}?force=1`);
      await startsAsFarAsItCan(() => engine.start(launch("Server1", { template })));
      assert(await exists(id));
    });
  },
);

pullTest(
  "credentials come from the Docker client's configuration file",
  "password",
  async (registry) => {
    const { reference, id } = await registry.put("secret");
    const dockerConfig = await registry.login();
    const { engine } = dockerHarness({ image: reference, dockerConfig });
    assertEquals((await engine.pin({})).imageId, id);
  },
);

pullTest(
  "without credentials the error names registry, reference, reason and remedy",
  "password",
  async (registry) => {
    const { reference } = await registry.put("secret");
    const { kind, message } = await pinFails({ image: reference });
    assertEquals(kind, "image-missing");
    assertStringIncludes(message, `cannot pull "${reference}" from registry ${registry.host}: `);
    assertStringIncludes(message, "no basic auth credentials");
    assertStringIncludes(message, "LB_DOCKER_CONFIG names no file");
  },
);

pullTest("credentials that are wrong are not shown", "password", async (registry) => {
  const { reference } = await registry.put("secret");
  const auth = btoa("tester:wrong-password");
  const dockerConfig = await registry.login({ auths: { [registry.host]: { auth } } });
  const { message } = await pinFails({ image: reference, dockerConfig });
  assertStringIncludes(message, `the credentials are those of ${dockerConfig}`);
  assert(!/wrong-password/.test(message) && !message.includes(auth), message);
});

pullTest(
  "credentials that a program keeps are an error that says what is read",
  "password",
  async (registry) => {
    const { reference } = await registry.put("secret");
    const auths = { [registry.host]: {} };
    const dockerConfig = await registry.login({ auths, credsStore: "desktop" });
    const { message } = await pinFails({ image: reference, dockerConfig });
    assertStringIncludes(message, "docker-credential-desktop");
  },
);

pullTest(
  "an image that the registry does not have is named with the reason",
  "open",
  async ({ host }) => {
    const { kind, message } = await pinFails({ image: `${host}/no/such:2` });
    assertEquals(kind, "image-missing");
    assertStringIncludes(message, `cannot pull "${host}/no/such:2" from registry ${host}: `);
    assertStringIncludes(message, "not found");
  },
);

systemTest({
  name: "docker pull: a registry that does not answer has a deadline",
  ignore: DOCKER_TESTS_IGNORED,
  fn: async () => {
    using silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const image = `127.0.0.1:${silent.addr.port}/app:1`;
    const { kind, message } = await pinFails({ image, pullTimeoutMs: 500 });
    assertEquals(kind, "image-missing");
    assertStringIncludes(message, "longer than LB_PULL_TIMEOUT_MS, 500 ms");
  },
});
