/**
 * The machines on which the replicas run, if the engine has several. Pure.
 *
 * @module
 */
import type { ReplicaStatus } from "../../answers/fleet.ts";

/** The replicas of one machine. */
export interface MachineCount {
  readonly machine: string;
  readonly ready: number;
  readonly replicas: number;
}

/**
 * Counts the replicas of each machine.
 *
 * @param replicas all replicas
 * @returns machines by name; empty if no replica has one
 */
export function machineCounts(replicas: readonly ReplicaStatus[]): MachineCount[] {
  const counts = new Map<string, MachineCount>();
  for (const { machine, state } of replicas) {
    if (machine === null) continue;
    const before = counts.get(machine) ?? { machine, ready: 0, replicas: 0 };
    counts.set(machine, {
      machine,
      ready: before.ready + (state === "ready" ? 1 : 0),
      replicas: before.replicas + 1,
    });
  }
  return [...counts.values()].sort((a, b) => a.machine.localeCompare(b.machine, "en"));
}
