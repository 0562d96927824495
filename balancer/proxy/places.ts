/**
 * Gives each request a place among those that are in flight to a replica: with the one that it
 * wants, or where that has no room, with whom it overflows to. Whoever got one has to leave it.
 *
 * @module
 */
import { overflow } from "../../ring/mod.ts";
import { keySlot } from "./key.ts";
import { capOf, UNBOUNDED } from "./load_choice.ts";
import type { Routes } from "./routes.ts";
import { LoadCell, loadIn, type SharedLoads } from "./shared_loads.ts";
import type { Transaction } from "./transaction.ts";
import type { InstancePool } from "./upstream_pool.ts";

const NOBODY: ReadonlySet<string> = new Set();

/** Where one worker counts. */
export interface LoadSheet {
  readonly memory: SharedLoads;
  /** Its row, from 0. */
  readonly row: number;
}

/** The places of one worker. */
export class Places {
  readonly #sheet: LoadSheet;
  readonly #routes: Routes;
  readonly #notesSlot: boolean;
  #leaving: readonly number[] = [];

  /**
   * @param sheet where the worker counts
   * @param routes its view, and who is in it
   * @param notesSlot whether requests are to know the slot that they fall on
   */
  constructor(sheet: LoadSheet, routes: Routes, notesSlot: boolean) {
    this.#sheet = sheet;
    this.#routes = routes;
    this.#notesSlot = notesSlot;
  }

  /** Where the worker counts what is in flight to the instance that was given a cell. */
  cell(cell: number): LoadCell {
    return new LoadCell(this.#sheet.memory, this.#sheet.row, cell);
  }

  /** Leaves the cells of those out that are in the view no more: they count for nobody's share. */
  disregard(leaving: readonly number[]): void {
    this.#leaving = leaving;
  }

  /**
   * Takes a place.
   *
   * @param request who wants it
   * @param wanted with whom
   * @param failed instances that it must not overflow to
   * @returns with whom it has one: where nobody has room, with the one that it wanted after all
   */
  take(
    request: Transaction,
    wanted: InstancePool,
    failed: ReadonlySet<string> = NOBODY,
  ): InstancePool {
    if (this.#notesSlot) this.#noteSlot(request);
    if (this.#enter(wanted)) return wanted;
    const other = this.#overflow(request.destination.key ?? "", wanted, failed);
    if (other) return other;
    wanted.inFlight.enter();
    return wanted;
  }

  /**
   * Two workers that look first and count then could both take the last place; of two that count
   * first at least one sees the other.
   */
  #enter(pool: InstancePool): boolean {
    pool.inFlight.enter();
    if (pool.allowance === UNBOUNDED) return true;
    if (pool.inFlight.everywhere <= capOf(pool.allowance, this.#inHand() - 1)) return true;
    pool.inFlight.leave();
    return false;
  }

  /** What is in flight to everyone in the view. */
  #inHand(): number {
    let sum = loadIn(this.#sheet.memory, 0);
    for (const cell of this.#leaving) sum -= loadIn(this.#sheet.memory, cell);
    return sum;
  }

  #overflow(
    key: string,
    wanted: InstancePool,
    failed: ReadonlySet<string>,
  ): InstancePool | undefined {
    const { current } = this.#routes;
    if (!current) return undefined;
    const { ring } = current.view;
    for (const name of overflow(ring, key, keySlot(ring, key))) {
      const pool = current.pool(name);
      if (!pool || pool === wanted || failed.has(pool.upstream.instance)) continue;
      if (this.#enter(pool)) return pool;
    }
    return undefined;
  }

  #noteSlot(request: Transaction): void {
    const { key } = request.destination;
    const ring = this.#routes.current?.view.ring;
    if (key !== undefined && ring) request.slot = keySlot(ring, key);
  }
}
