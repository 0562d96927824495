/**
 * Clients that ask at a pace, whatever becomes of their requests.
 *
 * @module
 */
import { now } from "../harness/clock.ts";
import { BrokenOff, HttpConnection } from "../harness/http_connection.ts";
import { hello, idField } from "./census.ts";

/** One request. */
export interface Outcome {
  /** Milliseconds since the epoch: sent, and answered. */
  readonly start: number;
  readonly end: number;
  /** Who answered. */
  readonly server?: string;
  /** Why nobody did. */
  readonly fault?: string;
}

/**
 * Clients, each with one connection. So many that while a third of the requests waits for a
 * replacement there are others to go on with the rest.
 */
export const CLIENTS = 320;
/** Milliseconds from one request of a client to its next. */
const PACE_MS = 320;

/** Requests each second. */
export const REQUESTS_A_SECOND = 1000 * CLIENTS / PACE_MS;

/** The clients at work, until disposed of. */
export class PacedLoad implements AsyncDisposable {
  /** What became of every request so far. */
  readonly outcomes: Outcome[] = [];
  readonly #port: number;
  readonly #working: Promise<void>[];
  #next = 0;
  #over = false;

  /** @param port of the balancer */
  constructor(port: number) {
    this.#port = port;
    const from = now();
    this.#working = Array.from(
      { length: CLIENTS },
      (_, at) => this.#client(from + PACE_MS * at / CLIENTS),
    );
  }

  /** Lets every client finish its request. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#over = true;
    await Promise.all(this.#working);
  }

  async #client(from: number): Promise<void> {
    let connection: HttpConnection | undefined;
    for (let due = from; !this.#over; due = nextDue(due, now())) {
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, due - now())));
      if (!this.#over) connection = await this.#request(connection);
    }
    connection?.[Symbol.dispose]();
  }

  /** @returns the connection, if it can carry another request */
  async #request(kept: HttpConnection | undefined): Promise<HttpConnection | undefined> {
    const start = now();
    let connection = kept;
    try {
      connection ??= await HttpConnection.open(this.#port);
      const server = await hello(connection, idField(this.#next++));
      this.outcomes.push({ start, end: now(), server });
    } catch (error) {
      if (!(error instanceof BrokenOff)) throw error;
      this.outcomes.push({ start, end: now(), fault: error.message });
    }
    if (connection?.reusable) return connection;
    connection?.[Symbol.dispose]();
    return undefined;
  }
}

/**
 * When a client asks next. One that had to wait long leaves turns out, so that those who waited
 * together do not go on together.
 *
 * @param due when it was to ask last, in milliseconds
 * @param now when it had its answer
 */
export function nextDue(due: number, now: number): number {
  return due + PACE_MS * Math.max(1, Math.ceil((now - due) / PACE_MS));
}
