/**
 * Clients that have their answer and are still sending: their connections are closed in stages.
 *
 * @module
 */
import type { ClientConnection } from "./client_connection.ts";

/** Those of one worker. They take files that others may need more. */
export class LingeringClients {
  /** In the order in which they came, as every `Set` is. */
  readonly #all = new Set<ClientConnection>();
  readonly #most: () => number;

  /** @param most how many there may be; one more, and the oldest connection is closed */
  constructor(most: () => number = () => Infinity) {
    this.#most = most;
  }

  /** How many there are. */
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

  /** Closes the connection that has lingered for longest. @returns whether there was one */
  giveUp(): boolean {
    const [oldest] = this.#all;
    if (!oldest) return false;
    this.#all.delete(oldest);
    oldest.close();
    return true;
  }
}
