/**
 * What one worker counts in.
 *
 * @module
 */
import { Pace } from "./timing_sampler.ts";
import { ReplicaTally, UNCOUNTED, WorkerTally } from "./counters.ts";
import { type ReplicaSheets, rowOf, type TallySheet } from "./counter_table.ts";
import { REPLICA, WORKER } from "./counter_layout.ts";

/** The worker's tallies. */
export class Tallies {
  /** What it counts of itself. */
  readonly worker: WorkerTally;
  /** Which requests are timed. */
  readonly pace = new Pace();
  readonly #row: number;
  readonly #byName = new Map<string, ReplicaTally>();

  /**
   * @param sheet where the workers count what is about themselves
   * @param row the worker's row, from 0
   */
  constructor(sheet: TallySheet, row: number) {
    this.worker = new WorkerTally(rowOf(sheet, WORKER.width, row));
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
      this.#byName.set(name, new ReplicaTally(rowOf(sheet, REPLICA.width, this.#row)));
    }
  }

  /** The tally of a replica. */
  of(name: string | undefined): ReplicaTally {
    return this.#byName.get(name ?? "") ?? UNCOUNTED;
  }
}
