/**
 * Answered clients that are still sending: their connections are closed in stages.
 *
 * @module
 */
import type { ClientConnection } from "./client_connection.ts";

/**
 * The lingering clients of one worker. They hold file descriptors that new connections may need.
 */
export class LingeringClients {
  /** In order of arrival, as every `Set` is. */
  readonly #all = new Set<ClientConnection>();
  readonly #most: () => number;

  /** @param most largest number of clients; above it the oldest connection is closed */
  constructor(most: () => number = () => Infinity) {
    this.#most = most;
  }

  /** Number of lingering clients. */
  get count(): number {
    return this.#all.size;
  }

  /** Counts a connection in while a task runs. */
  async during(client: ClientConnection, task: () => Promise<void>): Promise<void> {
    this.#all.add(client);
    if (this.#all.size > this.#most()) this.giveUp();
    try {
      await task();
    } finally {
      this.#all.delete(client);
    }
  }

  /** Closes the connection that has lingered longest. @returns whether there was one */
  giveUp(): boolean {
    const [oldest] = this.#all;
    if (!oldest) return false;
    this.#all.delete(oldest);
    oldest.close();
    return true;
  }
}
