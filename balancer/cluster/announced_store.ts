/**
 * A shared value whose saves are announced to the other balancers, so that they need not wait for
 * the store's own watch.
 *
 * @module
 */
import type { SharedStore, StoredValue, SwapResult } from "./shared_store.ts";

/** Announces saves, and takes announcements for its watches. */
export class AnnouncedStore implements SharedStore {
  readonly #store: SharedStore;
  readonly #announce: (epoch: number) => void;
  readonly #watches = new Set<() => void>();

  /**
   * @param store the value
   * @param announce called with the epoch of each save of this balancer
   */
  constructor(store: SharedStore, announce: (epoch: number) => void) {
    this.#store = store;
    this.#announce = announce;
  }

  load(): Promise<StoredValue | undefined> {
    return this.#store.load();
  }

  async save(value: string, epoch: number): Promise<SwapResult> {
    const result = await this.#store.save(value, epoch);
    if (result.done) this.#announce(result.epoch);
    return result;
  }

  watch(onChange: () => void): () => void {
    const watch = () => onChange();
    this.#watches.add(watch);
    const end = this.#store.watch(watch);
    return () => {
      this.#watches.delete(watch);
      end();
    };
  }

  /** Another balancer has announced a save. */
  changed(): void {
    for (const watch of this.#watches) watch();
  }
}
