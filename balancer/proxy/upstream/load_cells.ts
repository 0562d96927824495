/**
 * Assigns cells of the workers' shared memory to instances. The main thread assigns them, and sends
 * them with the view.
 *
 * @module
 */
import type { View } from "../../view.ts";
import { LAST_CELL, loadIn, type SharedLoads, strikeOut } from "./shared_load.ts";

/** The cell of each instance, as sent with a view. */
export interface LoadMap {
  /** The cells of ready instances, by instance. */
  readonly ready: ReadonlyMap<string, number>;
  /** The cells of instances that left the view, and may still have requests in flight. */
  readonly leaving: readonly number[];
}

/** A cell that is assigned to an instance. */
interface Holding {
  readonly cell: number;
  /** The first version of the view without the instance. */
  goneSince: number | undefined;
}

/** Assigns cells, and reclaims them when no worker can be counting in them. */
export class LoadCells {
  readonly #memory: SharedLoads;
  readonly #held = new Map<string, Holding>();
  readonly #free: number[] = [];
  #used = 0;

  constructor(memory: SharedLoads) {
    this.#memory = memory;
  }

  /** Requests in flight to an instance, over all workers. */
  inFlight(instance: string): number {
    const holding = this.#held.get(instance);
    return holding ? loadIn(this.#memory, holding.cell) : 0;
  }

  /**
   * Resets the counts of a worker that has ended.
   *
   * @param row the worker's row, from 0
   */
  strikeOut(row: number): void {
    strikeOut(this.#memory, row, this.#used);
  }

  /**
   * Assigns a cell to each instance in a view.
   *
   * @param view the view, newer than those before
   * @param applied the newest version that all workers have applied
   */
  assign(view: View, applied: number): LoadMap {
    const present = new Set(Array.from(view.ready.values(), ({ instance }) => instance));
    const leaving = this.#review(present, view.version, applied);
    const ready = new Map(Array.from(present, (instance) => [instance, this.#cellOf(instance)]));
    return { ready, leaving };
  }

  /** @returns the cells of instances that are gone and cannot be reclaimed yet */
  #review(present: ReadonlySet<string>, version: number, applied: number): number[] {
    const leaving: number[] = [];
    for (const [instance, holding] of this.#held) {
      if (present.has(instance)) holding.goneSince = undefined;
      else if (this.#over(holding, version, applied)) this.#takeBack(instance, holding);
      else leaving.push(holding.cell);
    }
    return leaving;
  }

  /** Whether every worker routes by a view without the instance, and its requests have ended. */
  #over(holding: Holding, version: number, applied: number): boolean {
    holding.goneSince ??= version;
    return holding.goneSince <= applied && loadIn(this.#memory, holding.cell) === 0;
  }

  #takeBack(instance: string, { cell }: Holding): void {
    this.#held.delete(instance);
    this.#free.push(cell);
  }

  #cellOf(instance: string): number {
    const known = this.#held.get(instance);
    if (known) return known.cell;
    // Above the largest possible number, instances share the last cell and their counts are added
    // up.
    const cell = this.#free.pop() ?? (this.#used = Math.min(this.#used + 1, LAST_CELL));
    this.#held.set(instance, { cell, goneSince: undefined });
    return cell;
  }
}
