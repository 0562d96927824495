/**
 * Reads the state of a fleet from the objects of a swarm. Pure.
 *
 * @module
 */
import type { Address } from "../view.ts";
import { SETTINGS_LABEL, templateFromLabel } from "./docker_container.ts";
import { TEMPLATE_LABEL } from "./docker_names.ts";
import { exitReason } from "./docker_state.ts";
import type { Availability, Instance, Machine, Remains } from "./engine.ts";
import { labelsOf, serviceIdentity } from "./swarm_names.ts";
import type { NodeInfo, ServiceInfo, SwarmSnapshot, TaskInfo } from "./swarm_objects.ts";

/** Options of the fleet that decide how its tasks are read. */
interface ReadingOptions {
  /** Name of the network of the replicas. */
  readonly network: string;
  /** Port of the service inside its container. */
  readonly port: number;
  readonly reach: "network" | "published";
}

/** Exit code of a container that was killed. */
const KILLED = 137;

/** States in which a task's container has ended, or will never start. */
const ENDED = new Set(["complete", "shutdown", "failed", "rejected", "orphaned", "remove"]);

/** One service of the fleet with its task and the machine of the task. */
export interface Placed {
  readonly service: ServiceInfo;
  readonly task: TaskInfo | undefined;
  readonly node: NodeInfo | undefined;
}

/** Joins each service with its newest task; a one-shot service has one. */
export function placedServices({ services, tasks, nodes }: SwarmSnapshot): Placed[] {
  const taskOf = new Map<string, TaskInfo>();
  for (const task of tasks) {
    const known = taskOf.get(task.ServiceID);
    if (!known || ENDED.has(known.Status.State)) taskOf.set(task.ServiceID, task);
  }
  const nodeOf = new Map(nodes.map((node) => [node.ID, node]));
  return services.map((service) => {
    const task = taskOf.get(service.ID);
    return { service, task, node: nodeOf.get(task?.NodeID ?? "") };
  });
}

/**
 * Returns why a task does not run any more, or will not; undefined while it runs or may still
 * start. A machine that is `down` has taken its tasks with it, `unknown` is not dead. A task that
 * Swarm shuts down counts as ended: its container gets SIGTERM three seconds later.
 */
export function endOf({ task, node }: Placed): string | undefined {
  if (!task) return undefined;
  const { State, ContainerStatus, Err } = task.Status;
  const machine = node?.Description.Hostname ?? "its machine";
  if (State === "failed" || State === "complete") {
    const code = ContainerStatus?.ExitCode;
    return code === undefined ? Err || State : exitReason(code, false);
  }
  if (ENDED.has(State)) return Err || `${State} by Swarm`;
  if (node?.Status.State === "down") return `${machine} is down`;
  if (task.DesiredState === "running" || task.DesiredState === "ready") return undefined;
  return node?.Spec.Availability === "drain" ? `${machine} is drained` : "shut down by Swarm";
}

/** Reports whether a task's container runs. */
export function isRunning(placed: Placed): boolean {
  return placed.task?.Status.State === "running" && endOf(placed) === undefined;
}

/**
 * Converts a service to an instance.
 *
 * @returns undefined if its task does not run, or has no address on the fleet's network
 */
export function serviceInstance(options: ReadingOptions, placed: Placed): Instance | undefined {
  const { service, task, node } = placed;
  if (!task || !node || !isRunning(placed)) return undefined;
  const address = addressOf(options, task, node);
  if (!address) return undefined;
  const labels = labelsOf(service);
  const settings = templateFromLabel(labels[SETTINGS_LABEL]);
  return {
    ...{ id: service.ID, ...serviceIdentity(service), address },
    startedAt: Date.parse(service.CreatedAt),
    template: templateFromLabel(labels[TEMPLATE_LABEL]) ?? {},
    ...(settings === undefined ? {} : { settings }),
    machine: node.Description.Hostname,
  };
}

/** Returns the service as remains of an instance. */
export function serviceRemains({ service }: Placed): Remains {
  return { id: service.ID, ...serviceIdentity(service) };
}

/**
 * Describes how the task of a service ended.
 *
 * @returns undefined while it runs
 */
export function taskEnding(placed: Placed): string | undefined {
  const code = placed.task?.Status.ContainerStatus?.ExitCode;
  const end = endOf(placed);
  // A task that was shut down has the code of its container, too.
  return end !== undefined && code === KILLED ? exitReason(code, false) : end;
}

function addressOf(
  { network, port, reach }: ReadingOptions,
  { NetworksAttachments, Status }: TaskInfo,
  node: NodeInfo,
): Address | undefined {
  if (reach === "published") {
    const published = Status.PortStatus?.Ports?.[0]?.PublishedPort;
    const hostname = node.Status.Addr;
    return published && hostname ? { hostname, port: published } : undefined;
  }
  const attachment = NetworksAttachments?.find(({ Network }) => Network.Spec.Name === network);
  const hostname = attachment?.Addresses?.[0]?.replace(/\/\d+$/, "");
  return hostname ? { hostname, port } : undefined;
}

/** Converts a node to a machine. */
export function machineOf({ Description, Status, Spec }: NodeInfo): Machine {
  const availability = Spec.Availability as Availability;
  return { name: Description.Hostname, state: Status.State, availability };
}

/**
 * Returns the machines to avoid without those that would leave none: a suspect machine is better
 * than none at all.
 *
 * @param nodes machines of the swarm
 * @param avoid host names
 */
export function avoidable(nodes: readonly NodeInfo[], avoid: readonly string[]): string[] {
  const usable = nodes.filter(({ Status, Spec }) =>
    Status.State === "ready" && Spec.Availability === "active"
  );
  const others = usable.some(({ Description }) => !avoid.includes(Description.Hostname));
  return others ? [...avoid] : [];
}
