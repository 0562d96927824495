/**
 * Gives each request a place among those that are in flight to a replica: with the one that it
 * wants, or where that has no room, with whom it overflows to. Whoever got one has to leave it.
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

const NOBODY: ReadonlySet<string> = new Set();

/** What requests are given places by. */
export interface AdmissionRules {
  /** How far above its share a replica's load may rise; 0: no bound. */
  readonly loadBound: number;
  /** Whether requests are to know the slot that they fall on. */
  readonly ringFields: boolean;
}

/** Where one worker counts. */
export interface LoadSheet {
  readonly memory: SharedLoads;
  /** Its row, from 0. */
  readonly row: number;
}

/** The places of one worker. */
export class Admission {
  readonly #sheet: LoadSheet;
  readonly #routes: RoutingTable;
  readonly #notesSlot: boolean;
  readonly #summed: boolean;
  #loads: LoadMap = { ready: new Map(), leaving: [] };

  /**
   * @param sheet where the worker counts
   * @param routes its view, and who is in it
   * @param rules what the settings say
   */
  constructor(sheet: LoadSheet, routes: RoutingTable, { loadBound, ringFields }: AdmissionRules) {
    this.#sheet = sheet;
    this.#routes = routes;
    this.#notesSlot = ringFields;
    this.#summed = loadBound > 0;
  }

  /** Takes note of where the load of each instance is counted from now on. */
  publish(loads: LoadMap): void {
    this.#loads = loads;
  }

  /** Where the worker counts what is in flight to an instance; nowhere for what is no replica. */
  cell(instance: string): LoadCell | undefined {
    const cell = this.#loads.ready.get(instance);
    if (cell === undefined) return undefined;
    return new LoadCell(this.#sheet.memory, this.#sheet.row, cell, this.#summed);
  }

  /**
   * Takes a place.
   *
   * @param request who wants it
   * @param wanted with whom
   * @param failed instances that it must not overflow to
   * @returns with whom it has one: where nobody has room, with the one that it wanted after all
   */
  acquire(
    request: ProxyRequest,
    wanted: InstancePool,
    failed: ReadonlySet<string> = NOBODY,
  ): InstancePool {
    if (this.#notesSlot) this.#noteSlot(request);
    if (this.#enter(wanted)) return wanted;
    const other = this.#overflow(request.destination.key ?? "", wanted, failed);
    if (other) {
      wanted.counters.overflowed();
      return other;
    }
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

  /** What is in flight to everyone in the view: what runs on others is no part of the share. */
  #inHand(): number {
    if (!this.#summed) return this.#addUp();
    let sum = loadIn(this.#sheet.memory, 0);
    for (const cell of this.#loads.leaving) sum -= loadIn(this.#sheet.memory, cell);
    return sum;
  }

  /** The long way, for the few requests to one that starts slowly where there is no other bound. */
  #addUp(): number {
    let sum = 0;
    for (const pool of this.#routes.pools) sum += pool.inFlight.everywhere;
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

  #noteSlot(request: ProxyRequest): void {
    const { key } = request.destination;
    const ring = this.#routes.current?.view.ring;
    if (key !== undefined && ring) request.slot = keySlot(ring, key);
  }
}
