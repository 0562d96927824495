/**
 * Which cell of the workers' shared memory is whose: the main thread gives them to instances, and
 * sends them with the view.
 *
 * @module
 */
import type { View } from "../../view.ts";
import { LAST_CELL, loadIn, type SharedLoads, strikeOut } from "./shared_load.ts";

/** Where the load of each instance is counted, as it goes with a view. */
export interface LoadMap {
  /** The cells of those that are ready, by instance. */
  readonly ready: ReadonlyMap<string, number>;
  /** The cells of those that left the view, and may still have something in flight. */
  readonly leaving: readonly number[];
}

/** A cell that was given to an instance. */
interface Holding {
  readonly cell: number;
  /** The first version of the view that the instance is not in any more. */
  goneSince: number | undefined;
}

/** Gives cells, and takes them back when nobody can be counting in them. */
export class LoadCells {
  readonly #memory: SharedLoads;
  readonly #held = new Map<string, Holding>();
  readonly #free: number[] = [];
  #used = 0;

  constructor(memory: SharedLoads) {
    this.#memory = memory;
  }

  /** What all workers have in flight to an instance. */
  inFlight(instance: string): number {
    const holding = this.#held.get(instance);
    return holding ? loadIn(this.#memory, holding.cell) : 0;
  }

  /**
   * Forgets what a worker has counted that does not run any more.
   *
   * @param row its row, from 0
   */
  strikeOut(row: number): void {
    strikeOut(this.#memory, row, this.#used);
  }

  /**
   * Has everyone in a view own a cell.
   *
   * @param view the view, newer than those before
   * @param applied the version that all workers route by at least
   */
  assign(view: View, applied: number): LoadMap {
    const present = new Set(Array.from(view.ready.values(), ({ instance }) => instance));
    const leaving = this.#review(present, view.version, applied);
    const ready = new Map(Array.from(present, (instance) => [instance, this.#cellOf(instance)]));
    return { ready, leaving };
  }

  /** @returns the cells of those that are gone and cannot be taken back yet */
  #review(present: ReadonlySet<string>, version: number, applied: number): number[] {
    const leaving: number[] = [];
    for (const [instance, holding] of this.#held) {
      if (present.has(instance)) holding.goneSince = undefined;
      else if (this.#over(holding, version, applied)) this.#takeBack(instance, holding);
      else leaving.push(holding.cell);
    }
    return leaving;
  }

  /** Who routes by a view without the instance begins nothing with it, and what it began is over. */
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
    // More than there can be would share the last one, and have their counts added up.
    const cell = this.#free.pop() ?? (this.#used = Math.min(this.#used + 1, LAST_CELL));
    this.#held.set(instance, { cell, goneSince: undefined });
    return cell;
  }
}
