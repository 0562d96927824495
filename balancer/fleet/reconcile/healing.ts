/**
 * Whether this balancer heals the fleet. Of several balancers the holder of the lease does, once it
 * has read the shared state and listed the engine's instances in this tenure.
 *
 * @module
 */
import type { Cluster } from "../../cluster/cluster.ts";

/** Dependencies of {@linkcode Healing}. */
interface HealingOptions {
  readonly cluster: Pick<Cluster, "holds" | "tenure">;
  /** Reads the shared state and the published instances. @returns whether both were read */
  readonly read: () => Promise<boolean>;
  /** Lists the engine's instances; leads to {@linkcode Healing.listed} once the engine answers. */
  readonly list: () => void;
  /** Called when this balancer has lost the lease. */
  readonly onLost: () => void;
  /** Called soon again, because the shared state could not be read. */
  readonly later: (retry: () => void) => void;
}

/** Follows the lease. */
export class Healing {
  readonly #options: HealingOptions;
  /** The tenure in which the shared state was read; the listing comes next. */
  #read = 0;
  /** The tenure in which this balancer heals. */
  #healing = 0;

  constructor(options: HealingOptions) {
    this.#options = options;
  }

  /** Whether this balancer may start and stop instances at this moment. */
  get mayHeal(): boolean {
    const { holds, tenure } = this.#options.cluster;
    return holds && tenure === this.#healing;
  }

  /** Begins to heal after this balancer got the lease, or ends. */
  async follow(): Promise<void> {
    const { cluster, read, list, onLost, later } = this.#options;
    if (!cluster.holds) return onLost();
    const { tenure } = cluster;
    if (this.#read === tenure) return;
    if (!await read()) return later(() => void this.follow());
    if (!cluster.holds || cluster.tenure !== tenure) return;
    this.#read = tenure;
    list();
  }

  /**
   * Takes note of a listing.
   *
   * @returns whether this balancer heals from now on
   */
  listed(): boolean {
    const { holds, tenure } = this.#options.cluster;
    if (holds && tenure === this.#read) this.#healing = tenure;
    return this.mayHeal;
  }
}
