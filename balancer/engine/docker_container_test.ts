import { assertEquals, assertStringIncludes } from "@std/assert";
import { launch } from "./conformance.ts";
import {
  type ContainerInfo,
  type ContainerOptions,
  containerSpec,
  instanceOf,
  notRunning,
} from "./docker_container.ts";
import type { ReplicaOptions } from "./replica_options.ts";

const OPTIONS: ContainerOptions = {
  ...{ fleet: "f", prefix: "p-", image: "nginx", port: 80, env: { COLOR: "blue" } },
  ...{ network: "net", reach: "network" },
};

const RUNNING: ContainerInfo = {
  Id: "c0ffee",
  Name: "/p-Server1",
  Image: "sha256:1",
  Config: { Image: "nginx", Labels: { "ringkeeper.fleet": "f", "ringkeeper.replica": "Server1" } },
  State: { Running: true, ExitCode: 0, Error: "", StartedAt: "2026-01-02T03:04:05.678901234Z" },
  NetworkSettings: {
    Networks: { other: { IPAddress: "10.0.0.1" }, net: { IPAddress: "172.20.0.2" } },
    Ports: { "80/tcp": [{ HostPort: "32768" }], "443/tcp": null },
  },
};

function inState(state: Partial<ContainerInfo["State"]>): ContainerInfo {
  return { ...RUNNING, State: { ...RUNNING.State, ...state } };
}

Deno.test("container: the command replaces the image's entry point, with the replica's port filled in", () => {
  const spec = containerSpec(
    { ...OPTIONS, command: "serve -p $PORT '$PORT $COLOR'" },
    launch("Server1"),
  );
  assertEquals(spec.Entrypoint, ["serve", "-p", "80", "$PORT $COLOR"]);
});

Deno.test("container: without a command the image's own is used", () => {
  const spec = containerSpec(OPTIONS, launch("Server1"));
  assertEquals(["Cmd" in spec, "Entrypoint" in spec], [false, false]);
});

Deno.test("container: a launch may have an image and a command of its own", () => {
  const template = { image: "other:2", command: "run $SERVER_ID" };
  const spec = containerSpec({ ...OPTIONS, command: "serve" }, launch("Server1", { template }));
  assertEquals([spec.Image, spec.Entrypoint], ["other:2", ["run", "1"]]);
});

Deno.test("container: a spare gets an empty name, which hides a name that its image sets", () => {
  const options = { ...OPTIONS, env: { SERVER_NAME: "x" }, command: "run $SERVER_NAME" };
  const spec = containerSpec(options, launch("spare-1", { spare: true }));
  assertEquals(spec.name, "p-spare-1");
  assertEquals(spec.Env.filter((line) => line.startsWith("SERVER_")), [
    "SERVER_NAME=",
    "SERVER_ID=",
  ]);
  assertEquals(spec.Entrypoint, ["run", ""]);
  assertEquals(spec.Labels, {
    "ringkeeper.fleet": "f",
    "ringkeeper.replica": "spare-1",
    "ringkeeper.role": "spare",
    "ringkeeper.template": "{}",
    "ringkeeper.settings": '{"image":"nginx","command":"run $SERVER_NAME"}',
  });
});

Deno.test("container: ports are published only if replicas are reached by them", () => {
  const published = containerSpec({ ...OPTIONS, reach: "published" }, launch("Server1"));
  assertEquals(published.HostConfig.PortBindings, { "80/tcp": [{ HostIp: "127.0.0.1" }] });
  assertEquals(containerSpec(OPTIONS, launch("Server1")).HostConfig.PortBindings, {});
});

Deno.test("container: the address is the one on the fleet's own network", () => {
  assertEquals(instanceOf(OPTIONS, RUNNING), {
    id: "c0ffee",
    name: "Server1",
    spare: false,
    address: { hostname: "172.20.0.2", port: 80 },
    startedAt: Date.UTC(2026, 0, 2, 3, 4, 5, 678),
    template: { image: "nginx", imageId: "sha256:1" },
  });
});

Deno.test("container: a published container is reached at the host's port", () => {
  const instance = instanceOf({ ...OPTIONS, reach: "published" }, RUNNING);
  assertEquals(instance?.address, { hostname: "127.0.0.1", port: 32768 });
  const secured = instanceOf({ ...OPTIONS, reach: "published", tls: true }, RUNNING);
  assertEquals(secured?.address, { hostname: "127.0.0.1", port: 32768, tls: true });
});

Deno.test("container: an exited container, or one without an address, is no instance", () => {
  const detached = { ...RUNNING, NetworkSettings: { Networks: {}, Ports: {} } };
  assertEquals(instanceOf(OPTIONS, inState({ Running: false })), undefined);
  assertEquals(instanceOf(OPTIONS, detached), undefined);
  assertEquals(instanceOf({ ...OPTIONS, reach: "published" }, detached), undefined);
});

Deno.test("container: the error says why the container does not run", () => {
  const ended = notRunning("Server1", inState({ Running: false, ExitCode: 3, Error: "no disk" }));
  assertStringIncludes(ended.message, "of Server1 ended at once: exit code 3 no disk");
  assertStringIncludes(notRunning("Server1", RUNNING).message, "has no address");
  assertStringIncludes(notRunning("Server1", undefined).message, "removed by another client");
});

Deno.test("container: a container is created from the image's id and carries its template", () => {
  const template = { image: "app:1", imageId: "sha256:2", command: "run" };
  const spec = containerSpec(OPTIONS, launch("Server1", { template }));
  assertEquals(spec.Image, "sha256:2");
  const Config = { Image: "sha256:2", Labels: spec.Labels };
  assertEquals(instanceOf(OPTIONS, { ...RUNNING, Image: "sha256:2", Config })?.template, template);
});

Deno.test("container: the log is rotated unless another driver or size is set", () => {
  const logOf = (log?: ReplicaOptions["log"]) =>
    containerSpec({ ...OPTIONS, options: log ? { log } : {} }, launch("Server1")).HostConfig
      .LogConfig;
  const rotation = { "max-size": "10m", "max-file": "3" };
  assertEquals(logOf(), { Type: "json-file", Config: rotation });
  assertEquals(logOf({ driver: "local" }), { Type: "local", Config: rotation });
  assertEquals(logOf({ driver: "journald" }), { Type: "journald", Config: {} });
  assertEquals(logOf({ options: { "max-size": "1m" } }), {
    Type: "json-file",
    Config: { ...rotation, "max-size": "1m" },
  });
});

Deno.test("container: labels of the user hide none of the balancer's", () => {
  const labels = { team: "$FLEET/$SERVER_NAME", "ringkeeper.fleet": "other" };
  const { Labels } = containerSpec({ ...OPTIONS, options: { labels } }, launch("Server1"));
  assertEquals([Labels["team"], Labels["ringkeeper.fleet"]], ["f/Server1", "f"]);
});

Deno.test("container: a template's options count instead of the settings'", () => {
  const options = { ...OPTIONS, options: { memory: "1g", cpus: 2 } };
  const template = { options: { memory: "64m" } };
  const { Memory, NanoCpus } = containerSpec(options, launch("Server1", { template })).HostConfig;
  assertEquals([Memory, NanoCpus], [64 * 2 ** 20, undefined]);
});

Deno.test("container: an invalid label hides nothing else of the container", () => {
  for (const label of ["{", "7", "null"]) {
    const Labels = { ...RUNNING.Config.Labels, "ringkeeper.template": label };
    const instance = instanceOf(OPTIONS, { ...RUNNING, Config: { Image: "nginx", Labels } });
    assertEquals(instance?.template, { image: "nginx", imageId: "sha256:1" }, label);
  }
});
