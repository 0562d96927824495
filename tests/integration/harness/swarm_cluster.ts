/**
 * Several balancers of one fleet, each on a machine of its own in a swarm, with the swarm as their
 * store.
 *
 * @module
 */
import type { Balancer, Status } from "../../harness/balancer.ts";
import type { Machines } from "../../harness/machines.ts";
import { waitUntil } from "../../harness/machines/wait.ts";
import { SwarmFleet } from "./swarm_fleet.ts";

/** Longest wait for an answer to a question about the state, in milliseconds. */
const ANSWER_MS = 10_000;

/** The status of a balancer of several. */
export interface ClusterStatus extends Status {
  readonly epoch: number;
  readonly cluster: {
    readonly self: string;
    readonly holder: string | null;
    readonly isolated: boolean;
    readonly balancers: readonly { readonly id: string; readonly host: string }[];
  };
}

/** A balancer and its machine. */
export interface PlacedBalancer {
  readonly machine: number;
  readonly balancer: Balancer;
}

/** The balancers of a fleet. */
export class SwarmCluster implements AsyncDisposable {
  readonly fleet: SwarmFleet;
  readonly machines: Machines;
  readonly #env: Readonly<Record<string, string>>;
  readonly #spares: number;
  #all: readonly PlacedBalancer[] = [];

  /**
   * @param machines the machines
   * @param env settings of all balancers
   */
  constructor(machines: Machines, env: Readonly<Record<string, string>>) {
    this.machines = machines;
    this.fleet = new SwarmFleet(machines);
    this.#spares = Number(env["LB_SPARES"] ?? 0);
    this.#env = { LB_STORE: "swarm", LB_RING_FIELDS: "true", ...env };
  }

  /** The balancers that run, by machine. */
  get all(): readonly PlacedBalancer[] {
    return this.#all;
  }

  /** The balancer on a machine. */
  at(machine: number): Balancer {
    const found = this.#all.find((one) => one.machine === machine);
    if (!found) throw new Error(`no balancer runs on machine ${machine}`);
    return found.balancer;
  }

  /** Starts a balancer on each machine, and waits until they agree. */
  async start(): Promise<void> {
    for (const machine of this.machines.all) {
      const balancer = await this.fleet.ready(machine, { ...this.#env });
      this.#all = [...this.#all, { machine, balancer }];
    }
    await this.agreed();
  }

  /** Ends all balancers; the instances stay. */
  async end(): Promise<void> {
    const all = this.#all;
    this.#all = [];
    await Promise.all(all.map(({ balancer }) => balancer.end("SIGTERM")));
  }

  /** Takes the power from a machine, and so from the balancer on it. */
  async off(machine: number): Promise<void> {
    const balancer = this.at(machine);
    this.#all = this.#all.filter((one) => one.machine !== machine);
    await Promise.all([this.machines.off(machine), balancer.end("SIGKILL")]);
  }

  /**
   * Waits until balancers have the whole ring and exactly the spares, know exactly each other, and
   * agree on the ring and on the one that heals.
   *
   * @param balancers some or all of them
   * @param extra what must hold besides that
   */
  async agreed(
    balancers: readonly PlacedBalancer[] = this.#all,
    extra: (status: ClusterStatus) => boolean = () => true,
  ): Promise<ClusterStatus[]> {
    let seen: ClusterStatus[] = [];
    try {
      await waitUntil("the balancers agree", async () => {
        seen = await Promise.all(balancers.map(({ balancer }) => statusOf(balancer)));
        return areAgreed(seen) && seen.every((one) => this.#hasSpares(one) && extra(one));
      });
    } catch (error) {
      throw new Error(seen.map((one) => JSON.stringify(one)).join("\n"), { cause: error });
    }
    return seen;
  }

  #hasSpares({ spares }: ClusterStatus): boolean {
    return spares.length === this.#spares && spares.every(({ state }) => state === "ready");
  }

  /** Ids of the services whose containers run, on machines that have power. */
  async running(): Promise<string[]> {
    const filter = `label=ringkeeper.swarm=${this.fleet.name}`;
    const args = ["ps", "--filter", filter, "--format", '{{.Label "com.docker.swarm.service.id"}}'];
    const lists = this.#all.map(({ machine }) => this.machines.docker(machine, ...args));
    return (await Promise.all(lists)).flatMap((text) => text.split("\n")).filter((id) => id !== "")
      .sort();
  }

  /** Waits until exactly the replicas and spares that the balancers know run. */
  async untilClean(): Promise<void> {
    await waitUntil("nothing is doubled or orphaned", async () => {
      const seen = await Promise.all(this.#all.map(({ balancer }) => statusOf(balancer)));
      const known = seen.flatMap(({ replicas, spares }) => [...replicas, ...spares]);
      const ids = new Set(known.flatMap(({ instance }) => instance ?? []));
      return (await this.running()).join() === [...ids].sort().join();
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end();
  }
}

/** Returns the status of a balancer. */
export async function statusOf(balancer: Balancer): Promise<ClusterStatus> {
  const signal = AbortSignal.timeout(ANSWER_MS);
  return await (await balancer.fetch("/_lb/status", { signal })).json();
}

function areAgreed(all: readonly ClusterStatus[]): boolean {
  const ids = all.map(({ cluster }) => cluster.self).sort().join();
  const routing = new Set(all.map(routingOf));
  return routing.size === 1 &&
    all.every(({ ready, desired, cluster }) =>
      ready === desired && !cluster.isolated && cluster.holder !== null &&
      cluster.balancers.map(({ id }) => id).sort().join() === ids
    );
}

/** The part of the status that is equal for balancers that agree. */
function routingOf({ epoch, digest, replicas, cluster }: ClusterStatus): string {
  const instances = replicas.map(({ name, instance, machine }) => [name, instance, machine]);
  return JSON.stringify([epoch, digest, instances, cluster.holder]);
}
