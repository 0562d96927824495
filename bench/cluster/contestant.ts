/**
 * A measured system on three machines: balancers, and the instances of a service behind them.
 *
 * @module
 */
import type { Machines } from "../../tests/harness/machines.ts";
import { ToolError } from "../../tools/tool.ts";
import { now } from "../harness/clock.ts";

/** Number of machines, and so of balancers. */
export const MACHINES = 3;

/** Number of instances that serve. */
export const REPLICAS = 3;

/** Longest wait for a state, in milliseconds: Swarm alone notices a dead machine late. */
const DEADLINE_MS = 120_000;

/** Longest wait for one answer of a balancer, in milliseconds. */
export const ANSWER_MS = 5000;

/** Pause between two looks at a balancer, in milliseconds. */
const LOOK_MS = 5;

/** A balancer on a machine. */
export interface Front {
  readonly machine: number;
  /** Where it serves, without a slash at the end. */
  readonly url: string;
  /** Ids of the instances that it routes to. */
  readonly ready: () => Promise<ReadonlySet<string>>;
}

/** An instance of the service. */
export interface Instance {
  /** As balancers name it. */
  readonly id: string;
  readonly machine: number;
  /** Id of its container on that machine. */
  readonly container: string;
}

/** A system that is measured. */
export interface Contestant extends AsyncDisposable {
  readonly machines: Machines;
  /** The balancers on machines that have power. */
  readonly fronts: readonly Front[];
  /** Aborted when the run is to end early. */
  readonly signal: AbortSignal;
  /** The instances that balancers route to or will route to, on machines that have power. */
  readonly instances: () => Promise<Instance[]>;
  /** Waits until a strike is repaired completely: spares are ready again, too. */
  readonly rest: () => Promise<void>;
  /** Takes the power from a machine, and so from the balancer on it. */
  readonly off: (machine: number) => Promise<void>;
  /** Memory of each balancer in megabytes, and its part of a core at rest. */
  readonly pids: () => Promise<number[]>;
}

/**
 * Waits until every balancer routes to a wanted set of instances.
 *
 * @param contestant the balancers
 * @param isWanted returns true for a wanted set
 * @returns when the last one did, in milliseconds since the epoch
 */
export async function untilAll(
  { fronts, signal }: Pick<Contestant, "fronts" | "signal">,
  isWanted: (ready: ReadonlySet<string>) => boolean,
): Promise<number> {
  await Promise.all(fronts.map(async ({ ready }) => {
    await untilSo(signal, async () => isWanted(await ready()));
  }));
  return now();
}

/**
 * Waits until a condition holds.
 *
 * @param signal aborted when the run is to end early
 * @param isSo returns true when the condition holds
 * @throws {ToolError} it does not hold in time
 */
export async function untilSo(signal: AbortSignal, isSo: () => Promise<boolean>): Promise<void> {
  const deadline = now() + DEADLINE_MS;
  while (!await isSo()) {
    signal.throwIfAborted();
    if (now() > deadline) throw new ToolError(`not repaired after ${DEADLINE_MS} ms`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}
