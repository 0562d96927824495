/**
 * Watches the values in a folder: by the kernel's events where the file system has them, and by a
 * scan four times a second, which network file systems need.
 *
 * @module
 */
import type { FailureLog } from "../failures.ts";
import { ValueChanges } from "./value_changes.ts";

/** Options of a {@linkcode FolderWatch}. */
interface FolderWatchOptions {
  readonly folder: string;
  /** Returns the highest epoch of each value. */
  readonly scan: () => Promise<ReadonlyMap<string, number>>;
  readonly failures: FailureLog;
}

/** Interval of scans, in milliseconds. */
const SCAN_MS = 250;

/** Time in which events lead to one scan, in milliseconds: a save causes about six of them. */
const EVENTS_MS = 5;

/** Reports changed values to any number of listeners. It scans only while there is one. */
export class FolderWatch {
  readonly #options: FolderWatchOptions;
  readonly #changes = new ValueChanges({ begin: () => this.#begin(), end: () => this.#end() });
  #timer: ReturnType<typeof setInterval> | undefined;
  #events: Deno.FsWatcher | undefined;
  #soon: ReturnType<typeof setTimeout> | undefined;
  #scanning = false;
  #again = false;

  constructor(options: FolderWatchOptions) {
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
    this.#timer = setInterval(() => this.#scan(), SCAN_MS);
    this.#scan();
    this.#followEvents();
  }

  #end(): void {
    clearInterval(this.#timer);
    clearTimeout(this.#soon);
    this.#timer = this.#soon = undefined;
    this.#events?.close();
    this.#events = undefined;
  }

  async #followEvents(): Promise<void> {
    try {
      const events = this.#events = Deno.watchFs(this.#options.folder);
      for await (const { kind } of events) if (kind !== "access") this.#scanSoon();
    } catch (error) {
      // Too many watches on this machine, or a file system without events: the scans remain.
      this.#options.failures.record("cluster.watch", error);
    }
  }

  #scanSoon(): void {
    this.#soon ??= setTimeout(() => {
      this.#soon = undefined;
      this.#scan();
    }, EVENTS_MS);
  }

  async #scan(): Promise<void> {
    this.#again = this.#scanning;
    if (this.#scanning) return;
    this.#scanning = true;
    try {
      do {
        this.#again = false;
        this.#changes.compare(await this.#options.scan());
      } while (this.#again);
    } catch (error) {
      this.#options.failures.record("cluster.watch", error);
    }
    this.#scanning = false;
  }
}
