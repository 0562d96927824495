/**
 * The connected clients of one worker.
 *
 * @module
 */
import type { DrainDeadlines } from "../../view.ts";
import type { OwnCounters } from "../stats/counters.ts";
import type { Deadlines } from "../transport/deadlines.ts";
import type { OpenClient } from "./open_client.ts";

/**
 * Idle time, in milliseconds, after which a connection may be closed to make room for a new one.
 */
const IDLE_MS = 1000;

/** Holds the connections, and ends them. */
export class OpenClients {
  readonly #deadlines: Pick<Deadlines, "add" | "delete">;
  readonly #counters: Pick<OwnCounters, "connections">;
  readonly #connections = new Set<OpenClient>();
  #onEmpty: (() => void) | undefined;

  /**
   * @param deadlines watches the connections' deadlines
   * @param counters shows their number
   */
  constructor(
    deadlines: Pick<Deadlines, "add" | "delete">,
    counters: Pick<OwnCounters, "connections">,
  ) {
    this.#deadlines = deadlines;
    this.#counters = counters;
  }

  enter(client: OpenClient): void {
    this.#connections.add(client);
    this.#counters.connections = this.#connections.size;
    this.#deadlines.add(client);
  }

  leave(client: OpenClient): void {
    this.#deadlines.delete(client);
    this.#connections.delete(client);
    this.#counters.connections = this.#connections.size;
    if (this.#connections.size === 0) this.#onEmpty?.();
  }

  /** Closes an idle connection of an address. @returns whether there was one */
  closeWaiting(address: string): boolean {
    for (const connection of this.#connections) {
      if (connection.address !== address || connection.waitedMs < IDLE_MS) continue;
      connection.close();
      return true;
    }
    return false;
  }

  /**
   * Closes idle connections, and lets the others finish.
   *
   * @param deadlines requests and streams that run longer are cut off
   */
  async drain({ requestsMs, streamsMs }: DrainDeadlines): Promise<void> {
    for (const connection of this.#connections) connection.drain();
    const cuts = [
      setTimeout(() => this.#cut(false), requestsMs),
      setTimeout(() => this.#cut(true), streamsMs),
    ];
    await this.#empty(Math.max(requestsMs, streamsMs));
    cuts.forEach(clearTimeout);
    for (const connection of this.#connections) connection.close();
  }

  #cut(streaming: boolean): void {
    for (const connection of this.#connections) connection.cut(streaming);
  }

  #empty(deadlineMs: number): Promise<void> {
    if (this.#connections.size === 0) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, deadlineMs);
    this.#onEmpty = () => {
      clearTimeout(timer);
      resolve();
    };
    return promise;
  }
}
