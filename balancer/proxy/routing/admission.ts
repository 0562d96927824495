/**
 * Admits each request to a replica within the load bound: to the preferred replica or, if that has
 * no room, to the replica that the request overflows to. Each admitted request must leave later.
 *
 * @module
 */
import { overflow } from "../../../ring/mod.ts";
import { keySlot } from "./key.ts";
import type { LoadMap } from "../upstream/load_cells.ts";
import { capOf, UNBOUNDED } from "../upstream/bounded_load.ts";
import type { RoutingTable } from "./routing_table.ts";
import { LoadCell, loadIn, type SharedLoads } from "../upstream/shared_load.ts";
import type { ProxyRequest } from "../request/request.ts";
import type { InstancePool } from "../upstream/connection_pool.ts";

const NONE: ReadonlySet<string> = new Set();

/** Rules of admission, read for each request. */
interface AdmissionRules {
  /** How far a replica's load may rise above its share; 0: no bound. */
  readonly loadBound: number;
  /** Whether requests need their slot. */
  readonly ringFields: boolean;
}

/** Shared memory in which one worker counts. */
export interface LoadSheet {
  readonly memory: SharedLoads;
  /** The worker's row, from 0. */
  readonly row: number;
}

/** The admission of one worker. */
export class Admission {
  readonly #sheet: LoadSheet;
  readonly #routes: RoutingTable;
  readonly #rules: AdmissionRules;
  readonly #summed: boolean;
  #loads: LoadMap = { ready: new Map(), leaving: [] };

  /**
   * @param sheet shared memory in which the worker counts
   * @param routes the worker's routing table
   * @param rules the configured rules
   */
  constructor(sheet: LoadSheet, routes: RoutingTable, rules: AdmissionRules) {
    this.#sheet = sheet;
    this.#routes = routes;
    this.#rules = rules;
    this.#summed = rules.loadBound > 0;
  }

  /** Takes the cells in which the load of each instance is counted. */
  publish(loads: LoadMap): void {
    this.#loads = loads;
  }

  /**
   * The cell of an instance's requests in flight; undefined for the control API, which is no
   * replica.
   */
  cell(instance: string): LoadCell | undefined {
    const cell = this.#loads.ready.get(instance);
    if (cell === undefined) return undefined;
    return new LoadCell(this.#sheet.memory, this.#sheet.row, cell, this.#summed);
  }

  /**
   * Admits a request.
   *
   * @param request the request
   * @param preferred the preferred replica
   * @param failed instances that it must not overflow to
   * @returns the replica that admitted it; if none has room, the preferred one
   */
  acquire(
    request: ProxyRequest,
    preferred: InstancePool,
    failed: ReadonlySet<string> = NONE,
  ): InstancePool {
    if (this.#rules.ringFields) this.#noteSlot(request);
    if (this.#enter(preferred)) return preferred;
    const other = this.#overflow(request.destination.key ?? "", preferred, failed);
    if (other) {
      preferred.counters.overflowed();
      return other;
    }
    preferred.inFlight.enter();
    return preferred;
  }

  /**
   * Counts before it checks: two workers that check first could both take the last place; of two
   * that count first at least one sees the other.
   */
  #enter(pool: InstancePool): boolean {
    pool.inFlight.enter();
    if (pool.allowance === UNBOUNDED) return true;
    if (pool.inFlight.everywhere <= capOf(pool.allowance, this.#totalInFlight() - 1)) return true;
    pool.inFlight.leave();
    return false;
  }

  /**
   * Requests in flight to all replicas in the view; instances that left it are no part of the
   * share.
   */
  #totalInFlight(): number {
    if (!this.#summed) return this.#addUp();
    let sum = loadIn(this.#sheet.memory, 0);
    for (const cell of this.#loads.leaving) sum -= loadIn(this.#sheet.memory, cell);
    return sum;
  }

  /**
   * Adds up the replicas' loads: needed for replicas in slow start when no other bound is set, and
   * for a bound that was set while the worker runs.
   */
  #addUp(): number {
    let sum = 0;
    for (const pool of this.#routes.pools) sum += pool.inFlight.everywhere;
    return sum;
  }

  #overflow(
    key: string,
    preferred: InstancePool,
    failed: ReadonlySet<string>,
  ): InstancePool | undefined {
    const { current } = this.#routes;
    if (!current) return undefined;
    const { ring } = current.view;
    for (const name of overflow(ring, key, keySlot(ring, key))) {
      const pool = current.pool(name);
      if (!pool || pool === preferred || failed.has(pool.upstream.instance)) continue;
      if (this.#enter(pool)) return pool;
    }
    return undefined;
  }

  #noteSlot(request: ProxyRequest): void {
    const { key } = request.destination;
    const { current } = this.#routes;
    if (key === undefined || !current) return;
    request.slot = keySlot(current.view.ring, key);
    request.ringLines = current.ringLines;
  }
}
