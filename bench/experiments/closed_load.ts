/**
 * Clients that ask again as soon as they are answered.
 *
 * @module
 */
import { now } from "../harness/clock.ts";
import { BrokenOff, HttpConnection } from "../harness/http_connection.ts";
import { hello } from "./census.ts";
import type { Outcome } from "./paced_load.ts";

/** The clients at work, until disposed of: as many requests are in flight as there are clients. */
export class ClosedLoad implements AsyncDisposable {
  /** What became of every request so far. */
  readonly outcomes: Outcome[] = [];
  readonly #port: number;
  readonly #nextKey: () => string;
  readonly #working: Promise<void>[];
  #over = false;

  /**
   * Starts the clients.
   *
   * @param port of the balancer
   * @param clients how many
   * @param nextKey what the next request is routed by
   */
  constructor(port: number, clients: number, nextKey: () => string) {
    this.#port = port;
    this.#nextKey = nextKey;
    this.#working = Array.from({ length: clients }, () => this.#client());
  }

  /** Lets every client finish its request. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#over = true;
    await Promise.all(this.#working);
  }

  async #client(): Promise<void> {
    let connection: HttpConnection | undefined;
    while (!this.#over) {
      const start = now();
      try {
        connection = connection?.reusable ? connection : await HttpConnection.open(this.#port);
        const server = await hello(connection, { "X-Key": this.#nextKey() });
        this.outcomes.push({ start, end: now(), server });
      } catch (error) {
        if (!(error instanceof BrokenOff)) throw error;
        this.outcomes.push({ start, end: now(), fault: error.message });
        // Nothing is gained by asking at once again where nobody listens.
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    }
    connection?.[Symbol.dispose]();
  }
}
