/**
 * The data plane's form of the view: maps each key to the connection pool of its owner.
 *
 * @module
 */
import type { Upstream, View } from "../../view.ts";
import { ringLines } from "../http1/ring_fields.ts";
import { keySlot } from "./key.ts";
import { allowances, UNBOUNDED } from "../upstream/bounded_load.ts";
import type { ReplicaCounters } from "../stats/counters.ts";
import type { InstancePool } from "../upstream/connection_pool.ts";

/** One view with the pools of its instances. */
class RoutedView {
  readonly view: View;
  readonly #pools: ReadonlyMap<string, InstancePool>;
  /** Pool of each member by its index; undefined if the member is not ready. */
  readonly #owners: readonly (InstancePool | undefined)[];
  #ringLines: Uint8Array | undefined;

  constructor(view: View, pools: ReadonlyMap<string, InstancePool>) {
    this.view = view;
    this.#pools = pools;
    this.#owners = view.ring.members.map((name) => pools.get(name));
  }

  /** Field lines that name the ring, for responses with ring fields; formatted at the first use. */
  get ringLines(): Uint8Array {
    return this.#ringLines ??= ringLines(this.view.epoch, this.view.ring.digest);
  }

  /** The pool of a key's owner; undefined if the owner is not ready, or the key is quarantined. */
  owner(key: string): InstancePool | undefined {
    const { ring, quarantined } = this.view;
    if (quarantined.size > 0 && quarantined.has(key)) return undefined;
    return this.#owners[ring.table[keySlot(ring, key)]!];
  }

  /** The pool of a replica by its name; undefined if the replica is not ready. */
  pool(name: string): InstancePool | undefined {
    return this.#pools.get(name);
  }
}

/** Opens and retires pools when the view changes. */
interface PoolFactory {
  /** Opens the pool of a new instance. */
  open(upstream: Upstream): InstancePool;
  /** The counters of a replica, if its requests are counted. */
  counters?(name: string): ReplicaCounters;
  /** Retires the pool of an instance that left the view. */
  retire(pool: InstancePool): void;
}

/** Holds the current view, and keeps pools across views. */
export class RoutingTable {
  readonly #factory: PoolFactory;
  #loadBound: number;
  #byInstance = new Map<string, InstancePool>();
  #current: RoutedView | undefined;

  /**
   * @param factory opens and retires pools
   * @param loadBound how far a replica's load may rise above its share; 0: no bound
   */
  constructor(factory: PoolFactory, loadBound = 0) {
    this.#factory = factory;
    this.#loadBound = loadBound;
  }

  /** Changes the load bound; in force at once. */
  set loadBound(bound: number) {
    this.#loadBound = bound;
    if (this.#current) this.publish(this.#current.view);
  }

  /** The view in force; undefined before the first. */
  get current(): RoutedView | undefined {
    return this.#current;
  }

  /** The name of a key's owner; undefined before the first view, and for an empty ring. */
  ownerOf(key: string): string | undefined {
    const ring = this.#current?.view.ring;
    return ring?.members[ring.table[keySlot(ring, key)]!];
  }

  /** The pools of all ready replicas. */
  get pools(): Iterable<InstancePool> {
    return this.#byInstance.values();
  }

  /** Routes by this view from now on. Pools of instances that left the view are retired. */
  publish(view: View): void {
    const byInstance = new Map<string, InstancePool>();
    const byName = new Map<string, InstancePool>();
    const allowed = allowances(view, this.#loadBound);
    for (const upstream of view.ready.values()) {
      const pool = this.#byInstance.get(upstream.instance) ?? this.#factory.open(upstream);
      const { name } = upstream;
      pool.update(upstream, allowed.get(name) ?? UNBOUNDED, this.#factory.counters?.(name));
      byInstance.set(upstream.instance, pool);
      byName.set(name, pool);
    }
    for (const [instance, pool] of this.#byInstance) {
      if (!byInstance.has(instance)) this.#factory.retire(pool);
    }
    this.#byInstance = byInstance;
    this.#current = new RoutedView(view, byName);
  }
}
