import { assertEquals, assertRejects } from "@std/assert";
import { launch } from "./conformance.ts";
import type { ContainerInfo, ContainerOptions } from "./docker_container.ts";
import { DockerNames } from "./docker_names.ts";
import { DockerNetwork } from "./docker_network.ts";
import { DockerStarts } from "./docker_starts.ts";
import { NO_FAILURES } from "./testing.ts";

const OPTIONS: ContainerOptions = {
  ...{ fleet: "f", prefix: "", image: "nginx", port: 80, env: {}, network: "net" },
  reach: "network",
};

const RUNNING: ContainerInfo = {
  Id: "c0ffee",
  Name: "/Server1",
  Config: { Labels: { "ringkeeper.fleet": "f", "ringkeeper.replica": "Server1" } },
  State: { Running: true, ExitCode: 0, Error: "", StartedAt: "2026-01-02T03:04:05Z" },
  NetworkSettings: { Networks: { net: { IPAddress: "172.20.0.2" } }, Ports: {} },
};

/** An Engine that notes what is asked of it, and fails at what it is told to, once each. */
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
    const names = { inspect: named("inspect name"), rename: named("rename") };
    this.starts = new DockerStarts({
      api: {
        create: () => this.#answer("create", "c0ffee"),
        start: named("start"),
        inspect: () => this.#answer("inspect", RUNNING),
        remove: named("remove"),
      },
      names: new DockerNames(names, "f"),
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

Deno.test("docker starts: only the first looks for the network; then create comes first", async () => {
  const { starts, calls } = new Stage();
  await starts.start(launch("Server1"));
  assertEquals(calls.splice(0), ["inspect network", "create", "start", "inspect"]);
  await starts.start(launch("Server1"));
  assertEquals(calls, ["create", "start", "inspect"]);
});

Deno.test("docker starts: a network that is missing is made, and the start goes on", async () => {
  const { starts, calls } = new Stage({ start: [404, "network net not found"] });
  await starts.start(launch("Server1"));
  assertEquals(calls.slice(1), ["create", "start", "inspect network", "start", "inspect"]);
});

Deno.test("docker starts: a network that cannot be had is asked for again by the next", async () => {
  const { starts, calls } = new Stage({ "inspect network": [500, "no"] });
  await assertRejects(() => starts.start(launch("Server1")), Error, "no");
  await starts.start(launch("Server1"));
  assertEquals(calls, ["inspect network", "inspect network", "create", "start", "inspect"]);
});

Deno.test("docker starts: what could not be started is removed, and no longer under way", async () => {
  const { starts, calls } = new Stage({ start: [500, "no space"] });
  const starting = starts.start(launch("Server1"));
  assertEquals(starts.names, ["Server1"]);
  await assertRejects(() => starting, Error, "no space");
  assertEquals([calls.at(-1), starts.names], ["remove", []]);
});

Deno.test("docker starts: a missing image leaves nothing to remove", async () => {
  const { starts, calls } = new Stage({ create: [404, "No such image: nginx"] });
  await assertRejects(() => starts.start(launch("Server1")), Error, `no image "nginx"`);
  assertEquals(calls.at(-1), "create");
});
