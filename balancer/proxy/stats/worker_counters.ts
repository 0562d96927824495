/**
 * The counters of one worker.
 *
 * @module
 */
import { TimingSampler } from "./timing_sampler.ts";
import { OwnCounters, ReplicaCounters, UNCOUNTED } from "./counters.ts";
import { type CounterSheet, type ReplicaSheets, rowOf } from "./counter_table.ts";
import { REPLICA, WORKER } from "./counter_layout.ts";

/** The worker's own counters, and those of the replicas. */
export class WorkerCounters {
  /** The worker's own counters. */
  readonly own: OwnCounters;
  /** Samples the timed requests. */
  readonly timingSampler = new TimingSampler();
  readonly #row: number;
  readonly #byName = new Map<string, ReplicaCounters>();

  /**
   * @param sheet memory of the workers' own counters
   * @param row the worker's row, from 0
   */
  constructor(sheet: CounterSheet, row: number) {
    this.own = new OwnCounters(rowOf(sheet, WORKER.width, row));
    this.#row = row;
  }

  /**
   * Updates the members of the ring.
   *
   * @param members their names
   * @param added counter memory of the new replicas
   */
  enroll(members: readonly string[], added: ReplicaSheets): void {
    const present = new Set(members);
    for (const name of this.#byName.keys()) if (!present.has(name)) this.#byName.delete(name);
    for (const [name, sheet] of added) {
      this.#byName.set(name, new ReplicaCounters(rowOf(sheet, REPLICA.width, this.#row)));
    }
  }

  /** The counters of a replica. */
  of(name: string | undefined): ReplicaCounters {
    return this.#byName.get(name ?? "") ?? UNCOUNTED;
  }
}
