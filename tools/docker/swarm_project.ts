/**
 * The balancers of a fleet that `up --engine swarm` starts, as one service of a Docker Swarm.
 *
 * @module
 */
import { run } from "../command.ts";
import type { FleetPlaces } from "../fleet_places.ts";
import { ROOT } from "../project.ts";
import { ToolError } from "../tool.ts";
import { docker, ids } from "./command.ts";

/** Label of everything that `up --engine swarm` makes; its value is the fleet. */
const UP_LABEL = "ringkeeper.up";

/** Label with the machine and the folder of the checkout that made it. */
const BY_LABEL = "ringkeeper.up.by";

/** Names of a fleet's objects in the swarm. */
export interface SwarmNames {
  /** The service of the balancers. */
  readonly service: string;
  /** The overlay network of balancers and replicas. */
  readonly network: string;
  /** The secret with the admin token. */
  readonly secret: string;
}

/**
 * Returns the names of a fleet's objects.
 *
 * @param places the places of the fleet
 */
export function swarmNames({ project }: FleetPlaces): SwarmNames {
  return {
    service: `${project}-balancer`,
    network: `${project}-swarm`,
    secret: `${project}-admin-token`,
  };
}

/** This machine and checkout, as the value of a label. */
export async function maker(): Promise<string> {
  return `${await docker(["info", "--format", "{{.Name}}"])}:${ROOT.pathname}`;
}

/**
 * Returns the labels of everything that is made for a fleet, as arguments of `docker`.
 *
 * @param fleet the fleet
 */
export async function labelArgs(fleet: string): Promise<string[]> {
  return ["--label", `${UP_LABEL}=${fleet}`, "--label", `${BY_LABEL}=${await maker()}`];
}

/**
 * Returns the filter for everything that was made for a fleet, as arguments of `docker`.
 *
 * @param fleet the fleet
 */
export function filterArgs(fleet: string): string[] {
  return ["--filter", `label=${UP_LABEL}=${fleet}`];
}

/** The balancers of a fleet. */
interface BalancerService {
  readonly id: string;
  /** The machine and the folder of the checkout that made it. */
  readonly by: string;
}

/**
 * Finds the service of a fleet's balancers.
 *
 * @param fleet the fleet
 * @returns undefined if there is none, or if this machine is not a manager of a swarm
 */
export async function balancerService(fleet: string): Promise<BalancerService | undefined> {
  if (await swarmTrouble() !== undefined) return undefined;
  const [id] = await ids(["service", "ls", "-q", ...filterArgs(fleet)]);
  if (id === undefined) return undefined;
  const format = `{{index .Spec.Labels "${BY_LABEL}"}}`;
  return { id, by: await docker(["service", "inspect", "--format", format, id]) };
}

/**
 * Returns why this machine cannot start services, with the commands that change that; undefined if
 * it can.
 */
export async function swarmTrouble(): Promise<string | undefined> {
  const format = "{{.Swarm.LocalNodeState}} {{.Swarm.ControlAvailable}} {{.Name}}";
  const result = await run("docker", ["info", "--format", format], { timeoutMs: 5000 });
  if (result.code !== 0) return `the Docker engine does not answer: ${result.stderr.trim()}`;
  return stateTrouble(result.stdout.trim());
}

/**
 * The same, of a known state. Pure.
 *
 * @param text state of the machine in the swarm, whether it is a manager, and its name: `active
 * true node1`
 */
export function stateTrouble(text: string): string | undefined {
  const [state = "", manages = "", name = ""] = text.split(" ");
  if (state === "active" && manages === "true") return undefined;
  if (state === "active") {
    return "this machine is a worker of its swarm, and only managers start services; on a " +
      `manager: docker node promote ${name}`;
  }
  if (state === "inactive") {
    return "this machine is in no swarm. These two commands make one:\n" +
      "  docker swarm init --advertise-addr ADDRESS   (here, with this machine's address)\n" +
      "  docker swarm join-token manager              (here; run the printed command on the others)";
  }
  return `this machine's part of the swarm is not ready: ${state}; docker info shows why`;
}

/** A machine on which a balancer runs. */
interface BalancerNode {
  readonly name: string;
  readonly address: string;
  readonly self: boolean;
}

/**
 * Returns the machines on which balancers of a service run, this one first.
 *
 * @param service the service
 */
export async function balancerNodes(service: string): Promise<BalancerNode[]> {
  const rows = await ids(["service", "ps", service, "--format", "{{.Node}}\t{{.CurrentState}}"]);
  const names = rows.filter((row) => row.split("\t")[1]?.startsWith("Running"))
    .map((row) => row.split("\t")[0] ?? "");
  if (names.length === 0) return [];
  const self = await docker(["node", "inspect", "self", "--format", "{{.Description.Hostname}}"]);
  const nodes = await Promise.all([...new Set(names)].map(async (name) => {
    const format = "{{.Status.Addr}}";
    const address = await docker(["node", "inspect", name, "--format", format]);
    return { name, address, self: name === self };
  }));
  return nodes.sort((a, b) => Number(b.self) - Number(a.self));
}

/**
 * Returns the last error of a service's tasks; undefined if none has one.
 *
 * @param service the service
 */
export async function taskError(service: string): Promise<string | undefined> {
  const format = "{{.Node}}: {{.CurrentState}}: {{.Error}}";
  const rows = await ids(["service", "ps", service, "--no-trunc", "--format", format]);
  return rows.find((row) => /: (Failed|Rejected)/.test(row));
}

/** Returns the names of the swarm's managers. */
export function managers(): Promise<string[]> {
  return ids(["node", "ls", "--filter", "role=manager", "--format", "{{.Hostname}}"]);
}

/**
 * Ensures that no other checkout has started the fleet in this swarm.
 *
 * @param fleet the fleet
 * @throws {ToolError} with the machine and folder of the other checkout
 */
export async function requireOwnService(fleet: string): Promise<void> {
  const found = await balancerService(fleet);
  if (!found || found.by === await maker()) return;
  throw new ToolError(
    `LB_FLEET: the fleet "${fleet}" was started from ${found.by} in this swarm; give this one ` +
      "another name, or end that one there with `ringkeeper down`",
  );
}
