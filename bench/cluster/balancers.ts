/**
 * Three balancers of one fleet, each on a machine of its own, and what each of them sees.
 *
 * @module
 */
import type { Balancer, Status } from "../../tests/harness/balancer.ts";
import { Machines } from "../../tests/harness/machines.ts";
import { IMAGE, SwarmFleet } from "../../tests/integration/harness/swarm_fleet.ts";

/** Longest wait for a state, in milliseconds. */
const DEADLINE_MS = 60_000;

/** Pause between two looks, in milliseconds. */
const LOOK_MS = 5;

/** A balancer, and the machine that it runs on. */
export interface Placed {
  readonly machine: number;
  readonly balancer: Balancer;
}

/** Balancers on machines. */
export class Balancers implements AsyncDisposable {
  readonly machines: Machines;
  readonly fleet: SwarmFleet;
  all: readonly Placed[] = [];

  private constructor(machines: Machines) {
    this.machines = machines;
    this.fleet = new SwarmFleet(machines);
  }

  /**
   * Starts three machines, and a balancer on each.
   *
   * @param env settings of the balancers
   */
  static async start(env: Record<string, string>): Promise<Balancers> {
    const balancers = new Balancers(await Machines.start(3, [IMAGE]));
    try {
      for (const machine of balancers.machines.all) await balancers.#add(machine, env);
      await balancers.until((status) => status.ready === status.desired);
      return balancers;
    } catch (error) {
      await balancers[Symbol.asyncDispose]();
      throw error;
    }
  }

  /**
   * Waits until every balancer sees a state.
   *
   * @param isSo the state
   * @returns milliseconds from now until the last one saw it
   */
  async until(isSo: (status: Status) => boolean): Promise<number> {
    const begin = performance.now();
    await Promise.all(this.all.map(({ balancer }) => look(balancer, isSo, begin + DEADLINE_MS)));
    return performance.now() - begin;
  }

  /** Waits until one balancer, the holder of the lease, sees a state: followers list no spares. */
  async untilOne(isSo: (status: Status) => boolean): Promise<void> {
    const deadline = performance.now() + DEADLINE_MS;
    await Promise.any(this.all.map(({ balancer }) => look(balancer, isSo, deadline)));
  }

  /** Takes the power from a machine, and so from the balancer on it. */
  async off(machine: number): Promise<void> {
    const ended = this.all.filter((one) => one.machine === machine);
    this.all = this.all.filter((one) => one.machine !== machine);
    const off = this.machines.off(machine);
    await Promise.all([off, ...ended.map(({ balancer }) => balancer.end("SIGKILL"))]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.all.map(({ balancer }) => balancer.end("SIGKILL")));
    await this.machines[Symbol.asyncDispose]();
  }

  async #add(machine: number, env: Record<string, string>): Promise<void> {
    const settings = { LB_STORE: "swarm", LB_RING_FIELDS: "true", ...env };
    const balancer = await this.fleet.ready(machine, settings);
    this.all = [...this.all, { machine, balancer }];
  }
}

async function look(
  balancer: Balancer,
  isSo: (status: Status) => boolean,
  deadline: number,
): Promise<void> {
  for (;;) {
    if (isSo(await balancer.status())) return;
    if (performance.now() > deadline) throw new Error(`not so after ${DEADLINE_MS} ms`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}
