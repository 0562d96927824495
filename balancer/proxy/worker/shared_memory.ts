/**
 * The memory that the main thread and the workers share: one row of counts for each worker.
 *
 * @module
 */
import type { View } from "../../view.ts";
import {
  type SharedCounts,
  sharedCounts,
  strikeOutConnections,
} from "../downstream/connection_limits.ts";
import type { DataPlaneCounts } from "../stats/counter_snapshot.ts";
import { type CounterReader, CounterTable, type ReplicaSheets } from "../stats/counter_table.ts";
import { type SharedFiles, sharedFiles, strikeOutFiles } from "../transport/descriptor_budget.ts";
import { LoadCells, type LoadMap } from "../upstream/load_cells.ts";
import { type SharedLoads, sharedLoads } from "../upstream/shared_load.ts";
import type { WorkerSheets } from "./worker_parts.ts";

/** The shared memory of one data plane, and the rows that no worker has. */
export class SharedMemory {
  /** Number of connections, for their limits. */
  readonly connections: SharedCounts;
  /** Number of open files. */
  readonly files: SharedFiles;
  readonly #loads: SharedLoads;
  readonly #cells: LoadCells;
  readonly #counters: CounterTable;
  readonly #freeRows: number[];

  /**
   * @param workers number of workers
   * @param files file counts shared by all threads; without them the number of open files has no
   *   limit here
   */
  constructor(workers: number, files: SharedFiles = sharedFiles(workers, 0)) {
    this.connections = sharedCounts(workers);
    this.files = files;
    this.#loads = sharedLoads(workers);
    this.#cells = new LoadCells(this.#loads);
    this.#counters = new CounterTable(workers);
    this.#freeRows = Array.from({ length: workers }, (_, row) => row);
  }

  /** Number of requests in flight at an instance. */
  inFlight(instance: string): number {
    return this.#cells.inFlight(instance);
  }

  /** Counts of all workers: since the start, or for a replica since it joined. */
  counts(): DataPlaneCounts {
    return this.#counters.counts();
  }

  /** The same, in slices; see {@linkcode CounterTable.countsInSlices}. */
  countsInSlices(pause: () => Promise<void>): Promise<DataPlaneCounts> {
    return this.#counters.countsInSlices(pause);
  }

  /** The counters of the workers, for reading only. */
  get counters(): CounterReader {
    return this.#counters;
  }

  /** Counter memory of all replicas so far. */
  get replicas(): ReplicaSheets {
    return this.#counters.replicas;
  }

  /**
   * Assigns memory to the replicas and instances of a view.
   *
   * @param view the view
   * @param inForce the version by which every worker routes
   * @returns the memory of the view's instances, and of the replicas that are new
   */
  assign(view: View, inForce: number): { loads: LoadMap; replicas: ReplicaSheets } {
    const loads = this.#cells.assign(view, inForce);
    return { loads, replicas: this.#counters.enroll(view.ring.options.members) };
  }

  /** The memory of the worker that has a row. */
  sheets(row: number): WorkerSheets {
    return { memory: this.#loads, counters: this.#counters.workers, row };
  }

  /**
   * Takes a row for a new worker. There is a row for each worker, and the replaced worker has
   * ended: its last counts of present state are reset.
   */
  takeRow(): number {
    const row = this.#freeRows.pop();
    if (row === undefined) throw new Error("more workers than the settings say");
    this.#strikeOut(row);
    return row;
  }

  /**
   * Resets the present state of a crashed worker (connections, requests in flight) and frees its
   * row.
   */
  giveBackRow(row: number): void {
    this.#strikeOut(row);
    this.#freeRows.push(row);
  }

  #strikeOut(row: number): void {
    strikeOutConnections(this.connections, row);
    strikeOutFiles(this.files, row);
    this.#cells.strikeOut(row);
    this.#counters.strikeOut(row);
  }
}
