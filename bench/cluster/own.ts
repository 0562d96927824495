/**
 * Three balancers of one fleet, each on a machine of its own.
 *
 * @module
 */
import type { Balancer, Status as FleetStatus } from "../../tests/harness/balancer.ts";
import { Machines } from "../../tests/harness/machines.ts";
import { IMAGE, SwarmFleet } from "../../tests/integration/harness/swarm_fleet.ts";
import { ToolError } from "../../tools/tool.ts";
import {
  ANSWER_MS,
  type Contestant,
  type Front,
  type Instance,
  MACHINES,
  untilSo,
} from "./contestant.ts";
import { type Faults, leftoversOf } from "./faults.ts";
import { Healers } from "./healers.ts";

/** Pause between two looks at the holders of the lease, in milliseconds. */
const HEALERS_MS = 50;

/** The lease of the balancers, in milliseconds: the default. */
const LEASE_MS = 3000;

/** Longest wait for the removal of instances, in milliseconds: Swarm needs three seconds and more. */
const REMOVAL_MS = 20_000;

type Status = FleetStatus & {
  readonly cluster: { readonly self: string; readonly holder: string | null };
};

/** A balancer of ours on a machine. */
export interface OwnFront extends Front {
  readonly balancer: Balancer;
}

/** Our balancers on machines. */
export class Own implements Contestant {
  readonly machines: Machines;
  readonly signal: AbortSignal;
  readonly #fleet: SwarmFleet;
  readonly #healers = new Healers(LEASE_MS);
  readonly #over = new AbortController();
  #watching: Promise<unknown> = Promise.resolve();
  #spares = 0;
  #fronts: readonly OwnFront[] = [];

  private constructor(machines: Machines, signal: AbortSignal) {
    this.machines = machines;
    this.signal = signal;
    this.#fleet = new SwarmFleet(machines);
  }

  /**
   * Starts three machines, and a balancer on each.
   *
   * @param spares number of spares
   * @param signal aborted when the run is to end early
   */
  static async start(spares: number, signal: AbortSignal): Promise<Own> {
    const own = new Own(await Machines.start(MACHINES, [IMAGE]), signal);
    try {
      own.#spares = spares;
      const env = { LB_STORE: "swarm", LB_RING_FIELDS: "true", LB_SPARES: String(spares) };
      const [first = 1, ...others] = own.machines.all;
      await own.#add(first, env);
      // All of them, so that none starts after the others have been ended.
      const added = await Promise.allSettled(others.map((machine) => own.#add(machine, env)));
      for (const one of added) if (one.status === "rejected") throw one.reason;
      own.#watching = own.#watchHealers();
      await own.rest();
      return own;
    } catch (error) {
      await own[Symbol.asyncDispose]();
      throw error;
    }
  }

  get fronts(): readonly OwnFront[] {
    return this.#fronts;
  }

  /** Until all balancers see the whole ring, and the holder of the lease all spares. */
  async rest(): Promise<void> {
    await untilSo(this.signal, async () => {
      const all = await Promise.all(this.#fronts.map((front) => this.#status(front)));
      const spares = all.map((one) => one.spares.filter(({ state }) => state === "ready").length);
      return all.every(({ ready, desired }) => ready === desired) &&
        Math.max(...spares) >= this.#spares;
    });
  }

  async instances(): Promise<Instance[]> {
    const status = await this.#status(this.#first);
    const ring = new Set(status.replicas.map(({ instance }) => instance));
    return (await this.#running()).filter(({ id }) => ring.has(id));
  }

  async off(machine: number): Promise<void> {
    const ended = this.#fronts.filter((one) => one.machine === machine);
    this.#fronts = this.#fronts.filter((one) => one.machine !== machine);
    await Promise.all([
      this.machines.off(machine),
      ...ended.map(({ balancer }) => balancer.end("SIGKILL")),
    ]);
  }

  pids(): Promise<number[]> {
    return Promise.resolve(this.#fronts.map(({ balancer }) => balancer.pid));
  }

  /** Counts the faults so far. Call it when the strike is repaired. */
  async faults(): Promise<Faults> {
    const found = async () => {
      const all = await Promise.all(this.#fronts.map((front) => this.#status(front)));
      const known = all.flatMap(({ replicas, spares }) => [...replicas, ...spares]);
      return leftoversOf(await this.#running(), known);
    };
    let left = await found();
    const deadline = performance.now() + REMOVAL_MS;
    while (left.doubled + left.orphaned > 0 && performance.now() < deadline) left = await found();
    return { ...left, twoHealers: this.#healers.overlaps };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over.abort();
    await Promise.all(this.#fronts.map(({ balancer }) => balancer.end("SIGKILL")));
    await this.#watching;
    await this.machines[Symbol.asyncDispose]();
  }

  get #first(): OwnFront {
    const [first] = this.#fronts;
    if (!first) throw new ToolError("no balancer has power");
    return first;
  }

  async #add(machine: number, env: Record<string, string>): Promise<void> {
    const balancer = await this.#fleet.ready(machine, env);
    const front: OwnFront = {
      machine,
      balancer,
      url: balancer.url,
      ready: () => readyOf(balancer),
    };
    this.#fronts = [...this.#fronts, front].sort((one, other) => one.machine - other.machine);
  }

  async #status({ balancer }: OwnFront): Promise<Status> {
    const begin = performance.now();
    const status = await statusOf(balancer);
    const { self, holder } = status.cluster;
    this.#healers.note(self, self === holder, begin, performance.now());
    return status;
  }

  async #watchHealers(): Promise<void> {
    while (!this.#over.signal.aborted) {
      // A balancer whose machine loses its power answers no more.
      await Promise.allSettled(this.#fronts.map((front) => this.#status(front)));
      await new Promise((resolve) => setTimeout(resolve, HEALERS_MS));
    }
  }

  /** The running containers of the fleet on all machines that have power. */
  async #running(): Promise<Instance[]> {
    const filter = `label=ringkeeper.swarm=${this.#fleet.name}`;
    const format = '{{.Label "com.docker.swarm.service.id"}} {{.ID}}';
    const lists = this.#fronts.map(async ({ machine }) => {
      const args = ["ps", "--no-trunc", "--filter", filter, "--format", format];
      const text = await this.machines.docker(machine, ...args);
      return text.split("\n").filter((line) => line !== "").map((line) => {
        const [id = "", container = ""] = line.split(" ");
        return { id, machine, container };
      });
    });
    return (await Promise.all(lists)).flat();
  }
}

async function readyOf(balancer: Balancer): Promise<ReadonlySet<string>> {
  const { replicas } = await statusOf(balancer);
  const ready = replicas.filter(({ state }) => state === "ready");
  return new Set(ready.flatMap(({ instance }) => instance ?? []));
}

async function statusOf(balancer: Balancer): Promise<Status> {
  const signal = AbortSignal.timeout(ANSWER_MS);
  return await (await balancer.fetch("/_lb/status", { signal })).json();
}
