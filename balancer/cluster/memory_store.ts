/**
 * Shared values in memory, for the balancers of one process: tests.
 *
 * @module
 */
import {
  ABSENT,
  type SharedStore,
  type SharedStores,
  type StoredValue,
  type SwapResult,
} from "./shared_store.ts";

/** Values that several balancers in one process share. */
export class MemoryStores implements SharedStores {
  readonly #values = new Map<string, StoredValue>();
  readonly #watchers = new Set<(name: string) => void>();

  open(name: string): SharedStore {
    return {
      load: () => Promise.resolve(this.#values.get(name)),
      save: (value, epoch) => Promise.resolve(this.#save(name, value, epoch)),
      watch: (onChange) => this.watchAll((changed) => changed === name && onChange()),
    };
  }

  names(): Promise<readonly string[]> {
    return Promise.resolve([...this.#values.keys()]);
  }

  remove(name: string): Promise<void> {
    this.#values.delete(name);
    this.#report(name);
    return Promise.resolve();
  }

  watchAll(onChange: (name: string) => void): () => void {
    // Two watches with the same callback are two watches.
    const watcher = (name: string) => onChange(name);
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  close(): void {
    this.#watchers.clear();
  }

  #save(name: string, value: string, epoch: number): SwapResult {
    if ((this.#values.get(name)?.epoch ?? ABSENT) !== epoch) return { done: false };
    this.#values.set(name, { value, epoch: epoch + 1 });
    this.#report(name);
    return { done: true, epoch: epoch + 1 };
  }

  /** Reports after the call that caused the change has returned, as a remote store does. */
  #report(name: string): void {
    for (const watcher of this.#watchers) {
      queueMicrotask(() => this.#watchers.has(watcher) && watcher(name));
    }
  }
}
