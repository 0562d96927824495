/**
 * What one worker counts in.
 *
 * @module
 */
import { TimingSampler } from "./timing_sampler.ts";
import { OwnCounters, ReplicaCounters, UNCOUNTED } from "./counters.ts";
import { type CounterSheet, type ReplicaSheets, rowOf } from "./counter_table.ts";
import { REPLICA, WORKER } from "./counter_layout.ts";

/** The worker's tallies. */
export class WorkerCounters {
  /** What it counts of itself. */
  readonly own: OwnCounters;
  /** Which requests are timed. */
  readonly timingSampler = new TimingSampler();
  readonly #row: number;
  readonly #byName = new Map<string, ReplicaCounters>();

  /**
   * @param sheet where the workers count what is about themselves
   * @param row the worker's row, from 0
   */
  constructor(sheet: CounterSheet, row: number) {
    this.own = new OwnCounters(rowOf(sheet, WORKER.width, row));
    this.#row = row;
  }

  /**
   * Takes note of who is in the ring.
   *
   * @param members their names
   * @param added memory for those that are new
   */
  enroll(members: readonly string[], added: ReplicaSheets): void {
    const present = new Set(members);
    for (const name of this.#byName.keys()) if (!present.has(name)) this.#byName.delete(name);
    for (const [name, sheet] of added) {
      this.#byName.set(name, new ReplicaCounters(rowOf(sheet, REPLICA.width, this.#row)));
    }
  }

  /** The tally of a replica. */
  of(name: string | undefined): ReplicaCounters {
    return this.#byName.get(name ?? "") ?? UNCOUNTED;
  }
}
