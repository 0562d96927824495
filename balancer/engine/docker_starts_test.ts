import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { launch } from "./conformance.ts";
import type { ContainerInfo, ContainerOptions } from "./docker_container.ts";
import { DockerImages } from "./docker_images.ts";
import { DockerNames } from "./docker_names.ts";
import { DockerNetwork } from "./docker_network.ts";
import { DockerStarts } from "./docker_starts.ts";
import { EngineError } from "./engine.ts";
import { NO_FAILURES } from "./testing.ts";

const OPTIONS: ContainerOptions = {
  ...{ fleet: "f", prefix: "", image: "nginx", port: 80, env: {}, network: "net" },
  reach: "network",
};

const RUNNING: ContainerInfo = {
  Id: "c0ffee",
  Name: "/Server1",
  Image: "sha256:1",
  Config: { Image: "nginx", Labels: { "ringkeeper.fleet": "f", "ringkeeper.replica": "Server1" } },
  State: { Running: true, ExitCode: 0, Error: "", StartedAt: "2026-01-02T03:04:05Z" },
  NetworkSettings: { Networks: { net: { IPAddress: "172.20.0.2" } }, Ports: {} },
};

async function* nothing(): AsyncGenerator<Uint8Array> {}

/** An Engine that records calls and fails once on demand. */
class Stage {
  readonly calls: string[] = [];
  readonly starts: DockerStarts;
  readonly #failures = new Map<string, Error>();

  constructor(failures: Record<string, [status: number, message: string]> = {}) {
    for (const [call, [statusCode, message]] of Object.entries(failures)) {
      this.#failures.set(call, Object.assign(new Error(message), { statusCode }));
    }
    const named = (call: string) => () => this.#answer(call, undefined);
    const networks = {
      createNetwork: named("create network"),
      getNetwork: () => ({
        inspect: () => this.#answer("inspect network", {}),
        remove: named("remove network"),
      }),
    };
    const names = {
      inspect: named("inspect name"),
      rename: named("rename"),
      remove: named("remove"),
    };
    this.starts = new DockerStarts({
      api: {
        create: () => this.#answer("create", "c0ffee"),
        connect: named("connect"),
        start: named("start"),
        inspect: () => this.#answer("inspect", RUNNING),
        remove: named("remove"),
      },
      names: new DockerNames(names, "f"),
      images: new DockerImages(
        {
          inspect: () => this.#answer("inspect image", { Id: "sha256:1" }),
          pull: () => this.#answer("pull", nothing()),
        },
        { image: "nginx", pull: "missing", pullTimeoutMs: 1000, dockerConfig: "" },
        () => {},
      ),
      network: new DockerNetwork(networks, (_action, call) => call(), "net", "f"),
      containers: OPTIONS,
      failures: NO_FAILURES,
    });
  }

  #answer<T>(call: string, value: T): Promise<T> {
    this.calls.push(call);
    const failure = this.#failures.get(call);
    this.#failures.delete(call);
    return failure ? Promise.reject(failure) : Promise.resolve(value);
  }
}

Deno.test("docker starts: only the first start looks for image and network; later ones create at once", async () => {
  const { starts, calls } = new Stage();
  await starts.start(launch("Server1"));
  assertEquals(calls.splice(0), ["inspect image", "inspect network", "create", "start", "inspect"]);
  await starts.start(launch("Server1"));
  assertEquals(calls, ["create", "start", "inspect"]);
});

Deno.test("docker starts: a missing network is created, and the start continues", async () => {
  const { starts, calls } = new Stage({ start: [404, "network net not found"] });
  await starts.start(launch("Server1"));
  assertEquals(calls.slice(2), ["create", "start", "inspect network", "start", "inspect"]);
});

Deno.test("docker starts: a network that could not be created is tried again by the next start", async () => {
  const { starts, calls } = new Stage({ "inspect network": [500, "no"] });
  await assertRejects(() => starts.start(launch("Server1")), Error, "no");
  await starts.start(launch("Server1"));
  assertEquals(calls.slice(1), [
    "inspect network",
    "inspect network",
    "create",
    "start",
    "inspect",
  ]);
});

Deno.test("docker starts: a container whose start failed is removed, and its start is no longer in progress", async () => {
  const { starts, calls } = new Stage({ start: [500, "no space"] });
  const starting = starts.start(launch("Server1"));
  assertEquals(starts.names, ["Server1"]);
  await assertRejects(() => starting, Error, "no space");
  assertEquals([calls.at(-1), starts.names], ["remove", []]);
});

/** Returns a launch whose image id is known. */
function pinned(digest?: string) {
  const template = { image: "nginx", imageId: "sha256:1" };
  return launch("Server1", {
    template: digest === undefined ? template : { ...template, imageDigest: digest },
  });
}

Deno.test("docker starts: a pinned image costs no call", async () => {
  const { starts, calls } = new Stage();
  await starts.start(pinned());
  assertEquals(calls, ["inspect network", "create", "start", "inspect"]);
});

Deno.test("docker starts: the error of a removed image says so", async () => {
  const { starts, calls } = new Stage({ create: [404, "No such image: sha256:1"] });
  const error = await assertRejects(() => starts.start(pinned()), EngineError);
  assertEquals(error.kind, "image-missing");
  assertStringIncludes(error.message, `sha256:1 that "nginx" stood for was removed`);
  assertEquals(calls.at(-1), "create");
});

Deno.test("docker starts: a removed image is pulled again by its digest", async () => {
  const { starts, calls } = new Stage({ create: [404, "No such image: sha256:1"] });
  await starts.start(pinned("nginx@sha256:2"));
  assertEquals(calls.slice(1), ["create", "pull", "inspect image", "create", "start", "inspect"]);
});

Deno.test("docker starts: two starts of one reference get the same image although the tag moved in between", async () => {
  const { starts, calls } = new Stage();
  await Promise.all([starts.start(launch("Server1")), starts.start(launch("Server2"))]);
  await starts.start(launch("Server3"));
  assertEquals(calls.filter((call) => call === "inspect image").length, 1);
});
