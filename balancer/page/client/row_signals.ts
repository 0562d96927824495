/**
 * The rows of the table of replicas, each a signal of its own, so that a row renders only when it
 * has changed. Hundreds of changed rows are rendered in slices, between which the browser answers
 * its user.
 *
 * @module
 */
import { batch, type Signal, signal } from "@preact/signals";
import type { Row } from "./replica_columns.tsx";

/** Rows of one slice: a few milliseconds of work. */
const SLICE = 20;

/** Keeps the rows by name. */
export class RowSignals {
  readonly #rows = new Map<string, Signal<Row>>();
  /** Rows that changed and are not shown yet, in the order in which they changed. */
  readonly #changed = new Map<string, Row>();
  #running = false;

  /** The signal of a row; a new row begins with its present values. */
  of(row: Row): Signal<Row> {
    const known = this.#rows.get(row.replica.name);
    if (known) return known;
    const made = signal(row);
    this.#rows.set(row.replica.name, made);
    return made;
  }

  /**
   * Shows the rows' present values soon; a first slice, of rows with another state, at once.
   *
   * @param rows all rows, the most important first
   */
  update(rows: readonly Row[]): void {
    this.#forget(rows);
    const urgent = new Map<string, Row>();
    for (const row of rows) {
      const { name } = row.replica;
      const shown = this.#rows.get(name)?.peek();
      if (!shown || sameRow(shown, row)) this.#changed.delete(name);
      else if (shown.replica !== row.replica && urgent.size < SLICE) urgent.set(name, row);
      else this.#changed.set(name, row);
    }
    for (const name of urgent.keys()) this.#changed.delete(name);
    this.#show(urgent);
    if (!this.#running && this.#changed.size > 0) void this.#run();
  }

  #forget(rows: readonly Row[]): void {
    if (this.#rows.size <= rows.length) return;
    const names = new Set(rows.map(({ replica: { name } }) => name));
    for (const name of this.#rows.keys()) {
      if (names.has(name)) continue;
      this.#rows.delete(name);
      this.#changed.delete(name);
    }
  }

  async #run(): Promise<void> {
    this.#running = true;
    while (this.#changed.size > 0) {
      await new Promise((resolve) => setTimeout(resolve));
      const slice = new Map([...this.#changed].slice(0, SLICE));
      for (const name of slice.keys()) this.#changed.delete(name);
      this.#show(slice);
    }
    this.#running = false;
  }

  #show(rows: ReadonlyMap<string, Row>): void {
    batch(() => {
      for (const [name, row] of rows) {
        const signal = this.#rows.get(name);
        if (signal) signal.value = row;
      }
    });
  }
}

/** Whether two rows of one replica show the same. */
export function sameRow(a: Row, b: Row): boolean {
  return a.replica === b.replica && a.slots === b.slots && a.requests === b.requests &&
    sameLoad(a.load, b.load);
}

function sameLoad(a: Row["load"], b: Row["load"]): boolean {
  if (!a || !b) return a === b;
  // The count of requests is not shown: the share of the last seconds is.
  return a.inFlight === b.inFlight && a.p50Ms === b.p50Ms && a.p99Ms === b.p99Ms &&
    a.holdP99Ms === b.holdP99Ms;
}
