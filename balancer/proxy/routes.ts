/**
 * The view as the data plane uses it: for each slot the connections to its owner at hand.
 *
 * @module
 */
import type { Ring } from "../../ring/mod.ts";
import type { Upstream, View } from "../view.ts";
import type { InstancePool } from "./upstream_pool.ts";

/** One view with the pools of its instances. A request uses one from beginning to end. */
export class RoutedView {
  readonly ring: Ring;
  readonly #pools: ReadonlyMap<string, InstancePool>;
  /** By index of the member: its pool where it is ready. */
  readonly #owners: readonly (InstancePool | undefined)[];

  constructor(ring: Ring, pools: ReadonlyMap<string, InstancePool>) {
    this.ring = ring;
    this.#pools = pools;
    this.#owners = ring.members.map((name) => pools.get(name));
  }

  /** The pool of the slot's owner; undefined where it is not ready. */
  owner(slot: number): InstancePool | undefined {
    return this.#owners[this.ring.table[slot]!];
  }

  /** The pool of a replica by its name; undefined where it is not ready. */
  pool(name: string): InstancePool | undefined {
    return this.#pools.get(name);
  }
}

/** What becomes of pools when the view changes. */
export interface PoolKeeper {
  /** Makes the pool of an instance that is new. */
  open(upstream: Upstream): InstancePool;
  /** Lets go of the pool of an instance that left the view. */
  retire(pool: InstancePool): void;
}

/** Keeps the present view, and the pools over changes of it. */
export class Routes {
  readonly #keeper: PoolKeeper;
  #byInstance = new Map<string, InstancePool>();
  #current: RoutedView | undefined;

  constructor(keeper: PoolKeeper) {
    this.#keeper = keeper;
  }

  /** The view in force; undefined before the first. */
  get current(): RoutedView | undefined {
    return this.#current;
  }

  /** Routes by this view from now on. Connections to instances that left it are let go. */
  publish({ ring, ready }: View): void {
    const byInstance = new Map<string, InstancePool>();
    const byName = new Map<string, InstancePool>();
    for (const upstream of ready.values()) {
      const pool = this.#byInstance.get(upstream.instance) ?? this.#keeper.open(upstream);
      byInstance.set(upstream.instance, pool);
      byName.set(upstream.name, pool);
    }
    for (const [instance, pool] of this.#byInstance) {
      if (!byInstance.has(instance)) this.#keeper.retire(pool);
    }
    this.#byInstance = byInstance;
    this.#current = new RoutedView(ring, byName);
  }
}

/** The replicas that a request may be sent to, first choice first. */
export class Candidates {
  readonly #view: RoutedView;
  readonly #slot: number;
  #position = 0;

  constructor(view: RoutedView, slot: number) {
    this.#view = view;
    this.#slot = slot;
  }

  /** The slot's owner; undefined where it is not ready. */
  get first(): InstancePool | undefined {
    return this.#view.owner(this.#slot);
  }

  /** The next one that is ready; undefined when there is none left. */
  next(): InstancePool | undefined {
    // Nearly every request needs its owner only: the walk is not worked out for it.
    if (this.#position === 0) {
      this.#position = 1;
      const owner = this.#view.owner(this.#slot);
      if (owner) return owner;
    }
    const names = this.#view.ring.walk(this.#slot);
    while (this.#position < names.length) {
      const pool = this.#view.pool(names[this.#position++]!);
      if (pool) return pool;
    }
    return undefined;
  }
}
