/**
 * Watches the shared values in a swarm: by the swarm's events, and by a look at all versions from
 * time to time, since events are lost while the manager is unreachable.
 *
 * @module
 */
import type { FailureLog } from "../failures.ts";
import { ValueChanges } from "./value_changes.ts";

/** Options of a {@linkcode SwarmWatch}. */
interface SwarmWatchOptions {
  /** Returns the version of each value. */
  readonly scan: () => Promise<ReadonlyMap<string, number>>;
  /** Yields the names of changed configs until the signal fires. */
  readonly changes: (signal: AbortSignal) => AsyncIterable<string>;
  /** Returns the value's name of a config; undefined if it is not of this store. */
  readonly nameOf: (config: string) => string | undefined;
  /** Interval of the looks, in milliseconds. */
  readonly pollMs: number;
  readonly failures: FailureLog;
}

/** Time until the events are asked for again after an error, in milliseconds. */
const RETRY_MS = 500;

/** Reports changed values to any number of listeners. It works only while there is one. */
export class SwarmWatch {
  readonly #options: SwarmWatchOptions;
  readonly #changes = new ValueChanges({ begin: () => this.#begin(), end: () => this.#end() });
  #ending: AbortController | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Whether the last action failed: an outage is recorded once. */
  #failing = false;

  constructor(options: SwarmWatchOptions) {
    this.#options = options;
  }

  /** Adds a listener. @returns removes it */
  add(onChange: (name: string) => void): () => void {
    return this.#changes.add(onChange);
  }

  /** Removes all listeners. */
  close(): void {
    this.#changes.close();
  }

  #begin(): void {
    const ending = this.#ending = new AbortController();
    void this.#scan(ending.signal);
    void this.#follow(ending.signal);
  }

  #end(): void {
    this.#ending?.abort();
    this.#ending = undefined;
    clearTimeout(this.#timer);
  }

  async #follow(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        for await (const config of this.#options.changes(signal)) {
          const name = this.#options.nameOf(config);
          if (name !== undefined && !signal.aborted) this.#changes.report(name);
        }
      } catch (error) {
        this.#failed(error, signal);
      }
      await pause(RETRY_MS, signal);
    }
  }

  async #scan(signal: AbortSignal): Promise<void> {
    try {
      const found = await this.#options.scan();
      if (!signal.aborted) this.#changes.compare(found);
      this.#failing = false;
    } catch (error) {
      this.#failed(error, signal);
    }
    if (!signal.aborted) {
      this.#timer = setTimeout(() => void this.#scan(signal), this.#options.pollMs);
    }
  }

  #failed(error: unknown, signal: AbortSignal): void {
    if (signal.aborted || this.#failing) return;
    this.#failing = true;
    this.#options.failures.record("cluster.watch", error);
  }
}

/** Waits for a time, or until the signal fires. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (signal.aborted) return Promise.resolve();
  const timer = setTimeout(resolve, ms);
  const wake = () => resolve();
  signal.addEventListener("abort", wake);
  return promise.finally(() => {
    clearTimeout(timer);
    signal.removeEventListener("abort", wake);
  });
}
