/**
 * The view as the data plane uses it: for each key the connections to its owner at hand.
 *
 * @module
 */
import type { Upstream, View } from "../../view.ts";
import { keySlot } from "./key.ts";
import { allowances, UNBOUNDED } from "../upstream/bounded_load.ts";
import type { ReplicaCounters } from "../stats/counters.ts";
import type { InstancePool } from "../upstream/connection_pool.ts";

/** One view with the pools of its instances. */
export class RoutedView {
  readonly view: View;
  readonly #pools: ReadonlyMap<string, InstancePool>;
  /** By index of the member: its pool where it is ready. */
  readonly #owners: readonly (InstancePool | undefined)[];

  constructor(view: View, pools: ReadonlyMap<string, InstancePool>) {
    this.view = view;
    this.#pools = pools;
    this.#owners = view.ring.members.map((name) => pools.get(name));
  }

  /** The pool of a key's owner; undefined where it is not ready, or the key is quarantined. */
  owner(key: string): InstancePool | undefined {
    const { ring, quarantined } = this.view;
    if (quarantined.size > 0 && quarantined.has(key)) return undefined;
    return this.#owners[ring.table[keySlot(ring, key)]!];
  }

  /** The pool of a replica by its name; undefined where it is not ready. */
  pool(name: string): InstancePool | undefined {
    return this.#pools.get(name);
  }
}

/** What becomes of pools when the view changes. */
export interface PoolFactory {
  /** Makes the pool of an instance that is new. */
  open(upstream: Upstream): InstancePool;
  /** Where requests to a replica are counted, if they are. */
  counters?(name: string): ReplicaCounters;
  /** Lets go of the pool of an instance that left the view. */
  retire(pool: InstancePool): void;
}

/** Keeps the present view, and the pools over changes of it. */
export class RoutingTable {
  readonly #keeper: PoolFactory;
  readonly #loadBound: number;
  #byInstance = new Map<string, InstancePool>();
  #current: RoutedView | undefined;

  /**
   * @param keeper what becomes of pools
   * @param loadBound how far above its share a replica's load may rise; 0: no bound
   */
  constructor(keeper: PoolFactory, loadBound = 0) {
    this.#keeper = keeper;
    this.#loadBound = loadBound;
  }

  /** The view in force; undefined before the first. */
  get current(): RoutedView | undefined {
    return this.#current;
  }

  /** The name that owns a key; undefined before the first view, and in a ring that is empty. */
  ownerOf(key: string): string | undefined {
    const ring = this.#current?.view.ring;
    return ring?.members[ring.table[keySlot(ring, key)]!];
  }

  /** The pools of everyone who is ready. */
  get pools(): Iterable<InstancePool> {
    return this.#byInstance.values();
  }

  /** Routes by this view from now on. Connections to instances that left it are let go. */
  publish(view: View): void {
    const byInstance = new Map<string, InstancePool>();
    const byName = new Map<string, InstancePool>();
    const allowed = allowances(view, this.#loadBound);
    for (const upstream of view.ready.values()) {
      const pool = this.#byInstance.get(upstream.instance) ?? this.#keeper.open(upstream);
      const { name } = upstream;
      pool.update(upstream, allowed.get(name) ?? UNBOUNDED, this.#keeper.counters?.(name));
      byInstance.set(upstream.instance, pool);
      byName.set(name, pool);
    }
    for (const [instance, pool] of this.#byInstance) {
      if (!byInstance.has(instance)) this.#keeper.retire(pool);
    }
    this.#byInstance = byInstance;
    this.#current = new RoutedView(view, byName);
  }
}
