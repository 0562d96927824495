import { assertEquals, assertThrows } from "@std/assert";
import { launch } from "./testing.ts";
import { type ServiceLaunch, type ServiceOptions, serviceSpec } from "./swarm_spec.ts";

const OPTIONS: ServiceOptions = {
  ...{ fleet: "shop", prefix: "shop-", image: "app", port: 8080, env: { A: "b" } },
  ...{ network: "rk", reach: "network", constraints: ["node.labels.zone==a"], stopGraceMs: 5000 },
};

const TEMPLATE = { image: "app", imageId: "sha256:1" };

function given(changes: Partial<ServiceLaunch> = {}): ServiceLaunch {
  return { ...launch("Server1"), template: TEMPLATE, generation: 4, ...changes };
}

Deno.test("a service has one task that Swarm never starts again", () => {
  const { TaskTemplate, Mode, EndpointSpec } = serviceSpec(OPTIONS, given());
  assertEquals(Mode, { Replicated: { Replicas: 1 } });
  assertEquals(TaskTemplate.RestartPolicy, { Condition: "none" });
  assertEquals(EndpointSpec, { Mode: "dnsrr", Ports: [] });
  assertEquals(TaskTemplate.ContainerSpec.Healthcheck, { Test: ["NONE"] });
  assertEquals(TaskTemplate.ContainerSpec.StopGracePeriod, 5_000_000_000);
});

Deno.test("the image is given by digest, or by id where no registry knows it", () => {
  const image = (template: ServiceLaunch["template"]) =>
    serviceSpec(OPTIONS, given({ template })).TaskTemplate.ContainerSpec.Image;
  assertEquals(image(TEMPLATE), "sha256:1");
  assertEquals(image({ ...TEMPLATE, imageDigest: "app@sha256:2" }), "app@sha256:2");
});

Deno.test("suspect machines are avoided beside the constraints of the settings", () => {
  const { TaskTemplate } = serviceSpec(OPTIONS, given({ avoid: ["m1", "m2"] }));
  assertEquals(TaskTemplate.Placement.Constraints, [
    "node.labels.zone==a",
    "node.hostname!=m1",
    "node.hostname!=m2",
  ]);
});

Deno.test("a spare gets an empty name, and a replica its own", () => {
  const env = (spare: boolean) =>
    serviceSpec(OPTIONS, given({ spare })).TaskTemplate.ContainerSpec.Env;
  assertEquals(env(false).includes("SERVER_NAME=Server1"), true);
  assertEquals(env(true).includes("SERVER_NAME="), true);
});

Deno.test("published instances get a free port of their machine", () => {
  const { EndpointSpec } = serviceSpec({ ...OPTIONS, reach: "published" }, given());
  assertEquals(EndpointSpec.Ports, [{ Protocol: "tcp", TargetPort: 8080, PublishMode: "host" }]);
});

Deno.test("replica options become limits, mounts and capabilities of the task", () => {
  const options = {
    memory: "64m",
    cpus: 0.5,
    pids: 100,
    readOnly: true,
    capDrop: ["ALL"],
    capAdd: ["NET_BIND_SERVICE"],
    tmpfs: ["/tmp:size=8m,mode=1777"],
    volumes: ["data-$SERVER_NAME:/data:ro"],
    extraHosts: ["db:10.0.0.9"],
    networks: ["more"],
  };
  const { TaskTemplate } = serviceSpec({ ...OPTIONS, options }, given());
  const { Resources, ContainerSpec, Networks, LogDriver } = TaskTemplate;
  assertEquals(Resources.Limits, { MemoryBytes: 64 * 2 ** 20, NanoCPUs: 5e8, Pids: 100 });
  assertEquals(ContainerSpec.CapabilityDrop, ["ALL"]);
  assertEquals(ContainerSpec.CapabilityAdd, ["CAP_NET_BIND_SERVICE"]);
  assertEquals(ContainerSpec.Hosts, ["10.0.0.9 db"]);
  assertEquals(ContainerSpec.ReadOnly, true);
  assertEquals(Networks, [{ Target: "rk" }, { Target: "more" }]);
  assertEquals(LogDriver.Name, "json-file");
  const [volume, tmpfs] = ContainerSpec.Mounts ?? [];
  assertEquals([volume?.Type, volume?.Target], ["volume", "/data"]);
  assertEquals(tmpfs, {
    Type: "tmpfs",
    Target: "/tmp",
    TmpfsOptions: { SizeBytes: 8 * 2 ** 20, Mode: 0o1777 },
  });
});

Deno.test("an invalid command line is refused", () => {
  assertThrows(() => serviceSpec({ ...OPTIONS, command: 'sh -c "' }, given()), Error);
});
