import { assertEquals } from "@std/assert";
import { SwarmDiff } from "./swarm_diff.ts";
import type { NodeInfo, ServiceInfo, SwarmSnapshot, TaskInfo } from "./swarm_objects.ts";
import { avoidable, endOf, placedServices, serviceInstance } from "./swarm_reading.ts";

const OPTIONS = { network: "rk", port: 5000, reach: "network" } as const;

function service(id: string, name = "Server1"): ServiceInfo {
  const Labels = { "ringkeeper.fleet": "shop", "ringkeeper.replica": name };
  const CreatedAt = "2026-11-23T20:00:00.000000001Z";
  return { ID: id, Version: { Index: 1 }, CreatedAt, Spec: { Name: id, Labels } };
}

function task(id: string, State: string, changes: Partial<TaskInfo> = {}): TaskInfo {
  const Network = { ID: "n", Spec: { Name: "rk" } };
  return {
    ID: `${id}-task`,
    ServiceID: id,
    NodeID: "node1",
    DesiredState: "running",
    Status: { State },
    NetworksAttachments: [{ Network, Addresses: ["10.98.1.7/24"] }],
    ...changes,
  };
}

function node(changes: Partial<NodeInfo["Status"]> = {}, Availability = "active"): NodeInfo {
  return {
    ID: "node1",
    Version: { Index: 1 },
    Spec: { Availability, Role: "manager" },
    Description: { Hostname: "m1" },
    Status: { State: "ready", Addr: "10.1.1.1", ...changes },
  };
}

function snapshot(tasks: readonly TaskInfo[], one = node()): SwarmSnapshot {
  return { services: [service("a")], tasks, nodes: [one] };
}

/** The end of the only service. */
function end(tasks: readonly TaskInfo[], one = node()): string | undefined {
  const [placed] = placedServices(snapshot(tasks, one));
  return placed && endOf(placed);
}

Deno.test("a running task is an instance with the address on the fleet's network", () => {
  const [placed] = placedServices(snapshot([task("a", "running")]));
  assertEquals(placed && serviceInstance(OPTIONS, placed), {
    ...{ id: "a", name: "Server1", spare: false, machine: "m1", template: {} },
    address: { hostname: "10.98.1.7", port: 5000 },
    startedAt: Date.parse("2026-11-23T20:00:00Z"),
  });
});

Deno.test("a published instance has the address of its machine", () => {
  const PortStatus = { Ports: [{ PublishedPort: 30_001 }] };
  const tasks = [task("a", "running", { Status: { State: "running", PortStatus } })];
  const [placed] = placedServices(snapshot(tasks));
  const instance = placed && serviceInstance({ ...OPTIONS, reach: "published" }, placed);
  assertEquals(instance?.address, { hostname: "10.1.1.1", port: 30_001 });
});

Deno.test("a task ends with its container, with its machine, and when Swarm shuts it down", () => {
  assertEquals(end([]), undefined);
  assertEquals(end([task("a", "preparing")]), undefined);
  assertEquals(end([task("a", "running")]), undefined);
  const killed = { State: "failed", ContainerStatus: { ExitCode: 137 } };
  assertEquals(end([task("a", "failed", { Status: killed })]), "exit code 137 (killed)");
  const rejected = { State: "rejected", Err: "No such image: x" };
  assertEquals(end([task("a", "rejected", { Status: rejected })]), "No such image: x");
  assertEquals(end([task("a", "running")], node({ State: "down" })), "m1 is down");
  assertEquals(end([task("a", "running")], node({ State: "unknown" })), undefined);
  const leaving = task("a", "running", { DesiredState: "shutdown" });
  assertEquals(end([leaving], node({}, "drain")), "m1 is drained");
  assertEquals(end([leaving]), "shut down by Swarm");
});

Deno.test("each end is reported once, and none of those before the first look", () => {
  const diff = new SwarmDiff();
  const take = (services: string[], tasks: TaskInfo[]) =>
    diff.take(placedServices({
      services: services.map((id) => service(id)),
      tasks,
      nodes: [node()],
    })).map(({ id, reason }) => [id, reason]);
  const failed = task("old", "failed", { Status: { State: "failed", Err: "boom" } });
  assertEquals(take(["old", "a", "b"], [failed, task("a", "running"), task("b", "running")]), []);
  const ended = task("a", "failed", { Status: { State: "failed", Err: "boom" } });
  assertEquals(take(["old", "a", "b"], [failed, ended, task("b", "running")]), [["a", "boom"]]);
  assertEquals(take(["old", "a", "b"], [failed, ended, task("b", "running")]), []);
  assertEquals(take(["a"], [ended]), [["b", "removed"]]);
  // A service that was never seen running, but has ended.
  const short = task("c", "failed", { Status: { State: "failed", Err: "no" } });
  assertEquals(take(["a", "c"], [ended, short]), [["c", "no"]]);
  assertEquals([...diff.ended].sort(), ["a", "c"]);
});

Deno.test("an end that the machine reports is not reported again by the swarm", () => {
  const diff = new SwarmDiff();
  diff.take(placedServices(snapshot([task("a", "running")])));
  assertEquals(diff.end("a", "killed"), {
    type: "exit",
    name: "Server1",
    id: "a",
    reason: "killed",
  });
  assertEquals(diff.end("a", "killed"), undefined);
  assertEquals(diff.end("unknown", "killed"), undefined);
  assertEquals(diff.take(placedServices(snapshot([task("a", "running")]))), []);
  assertEquals(diff.take(placedServices({ services: [], tasks: [], nodes: [] })), []);
});

Deno.test("a suspect machine is not avoided where no other one can take a task", () => {
  const other = { ...node(), ID: "node2", Description: { Hostname: "m2" } };
  assertEquals(avoidable([node(), other], ["m1"]), ["m1"]);
  assertEquals(avoidable([node(), other], ["m1", "m2"]), []);
  assertEquals(avoidable([node()], ["m1"]), []);
});
