/**
 * The connected clients of one worker.
 *
 * @module
 */
import type { DrainDeadlines } from "../../view.ts";
import type { OwnCounters } from "../stats/counters.ts";
import type { Deadlines } from "../transport/deadlines.ts";
import type { ClientConnection } from "./client_connection.ts";

/**
 * Idle time, in milliseconds, after which a connection may be closed to make room for a new one.
 */
const IDLE_MS = 1000;

/** Holds the connections, and ends them. */
export class OpenClients {
  readonly #deadlines: Pick<Deadlines, "add" | "delete">;
  readonly #counters: Pick<OwnCounters, "connections">;
  readonly #connections = new Set<ClientConnection>();
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

  enter(client: ClientConnection): void {
    this.#connections.add(client);
    this.#counters.connections = this.#connections.size;
    this.#deadlines.add(client);
  }

  leave(client: ClientConnection): void {
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
      setTimeout(() => this.#cut(({ streaming }) => !streaming), requestsMs),
      setTimeout(() => this.#cut(({ streaming }) => streaming), streamsMs),
    ];
    await this.#empty(Math.max(requestsMs, streamsMs));
    cuts.forEach(clearTimeout);
    this.#cut(() => true);
  }

  #cut(matches: (connection: ClientConnection) => boolean): void {
    for (const connection of this.#connections) if (matches(connection)) connection.close();
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
