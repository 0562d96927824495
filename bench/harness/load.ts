/**
 * Load: clients that each have one connection and send one request after another.
 *
 * @module
 */
import { now } from "./clock.ts";
import { HttpConnection } from "./connection.ts";

/** Gives the client's connection, a new one where the last request did not leave it in order. */
export type Connect = () => Promise<HttpConnection>;

/** One client. */
export interface Client {
  /** When its first request is due, in milliseconds since the epoch; at once unless given. */
  readonly first?: number;
  /**
   * When the next request is due; undefined ends the client. Without this function the next request
   * follows the last at once.
   *
   * @param due when the last request was due
   * @param now when its response was complete
   */
  readonly next?: (due: number, now: number) => number | undefined;
  /** Sends one request and records its outcome. An error ends the bench. */
  readonly request: (connect: Connect) => Promise<void>;
}

/** Clients at work, until disposed of. */
export class Load implements AsyncDisposable {
  readonly #port: number;
  readonly #open = new Set<HttpConnection>();
  readonly #working: Promise<unknown>;
  #over = false;

  /**
   * Starts the clients.
   *
   * @param port of the balancer on this machine
   * @param clients the clients
   */
  constructor(port: number, clients: readonly Client[]) {
    this.#port = port;
    this.#working = Promise.all(clients.map((client) => this.#run(client)));
  }

  /** Whether the end has begun: a request that breaks off now is no loss. */
  get over(): boolean {
    return this.#over;
  }

  /** Resolves when every client has ended by itself. */
  async finished(): Promise<void> {
    await this.#working;
  }

  /** Lets every client finish its request. */
  async stop(): Promise<void> {
    this.#over = true;
    await this.#working;
  }

  /** Ends it at once. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#over = true;
    for (const connection of this.#open) connection.close("the load ended");
    await this.#working;
  }

  async #run({ first = 0, next = (_due, now) => now, request }: Client): Promise<void> {
    let connection: HttpConnection | undefined;
    const connect = async () => connection ??= await this.#connect();
    for (let due: number | undefined = first; due !== undefined; due = next(due, now())) {
      const wait = due - now();
      if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
      if (this.#over) break;
      await request(connect);
      if (connection?.reusable === false) connection = this.#close(connection);
    }
    this.#close(connection);
  }

  async #connect(): Promise<HttpConnection> {
    const connection = await HttpConnection.open(this.#port);
    this.#open.add(connection);
    return connection;
  }

  #close(connection: HttpConnection | undefined): undefined {
    connection?.[Symbol.dispose]();
    if (connection) this.#open.delete(connection);
  }
}
