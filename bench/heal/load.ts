/**
 * The load: 64 clients, each with one connection and one kind of request, at a pace.
 *
 * @module
 */
import { type Answer, ASK, type Ask, WrongAnswer } from "./asking.ts";
import { now } from "../harness/clock.ts";
import { BrokenOff, HttpConnection } from "../harness/http_connection.ts";
import type { Kind, Outcome } from "./outcome.ts";
import { type Chance, chance } from "../harness/random.ts";

/** How many clients ask for what, and how many milliseconds from one request to the next. */
const MIX: readonly { readonly kind: Kind; readonly clients: number; readonly paceMs: number }[] = [
  { kind: "get", clients: 40, paceMs: 100 },
  { kind: "post", clients: 12, paceMs: 150 },
  { kind: "upload", clients: 4, paceMs: 500 },
  { kind: "stream", clients: 8, paceMs: 0 },
];

/** Clients, and with it connections. */
export const CONNECTIONS = MIX.reduce((sum, { clients }) => sum + clients, 0);
/** Different keys of the GETs: enough for every replica, few enough to know where each belongs. */
export const KEYS = 512;
/** Milliseconds after which a request, or a stream that says nothing more, counts as failed. */
const DEADLINE_MS = 15_000;

/** The key of a number. */
export function keyOf(at: number): string {
  return `key-${at % KEYS}`;
}

/** Clients at work. */
export class Load implements AsyncDisposable {
  /** What became of every request so far. */
  readonly outcomes: Outcome[] = [];
  readonly #port: number;
  readonly #run: string;
  readonly #open = new Set<HttpConnection>();
  readonly #working: Promise<void>[];
  #over = false;
  #count = 0;

  /**
   * Starts the clients.
   *
   * @param port where they connect to, on this machine
   * @param run tells this run's requests from others'
   * @param seed of their choices
   */
  constructor(port: number, run: string, seed: number) {
    this.#port = port;
    this.#run = run;
    const seats = MIX.flatMap((part) => Array.from({ length: part.clients }, () => part));
    this.#working = seats.map(({ kind, paceMs }, at) =>
      this.#client(kind, paceMs, chance(seed * CONNECTIONS + at))
    );
  }

  /** Lets every client finish its request. */
  async stop(): Promise<void> {
    this.#over = true;
    await Promise.all(this.#working);
  }

  /** Ends it at once. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#over = true;
    for (const connection of this.#open) connection.close("the load ended");
    await Promise.all(this.#working);
  }

  async #client(kind: Kind, paceMs: number, draw: Chance): Promise<void> {
    let connection: HttpConnection | undefined;
    // Not all at the same instant.
    for (let due = now() + draw() * paceMs; !this.#over; due = Math.max(now(), due + paceMs)) {
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, due - now())));
      if (this.#over) break;
      connection = await this.#request(kind, connection, draw);
    }
    this.#close(connection);
  }

  /** @returns the connection for the next request, if this one left it in order */
  async #request(
    kind: Kind,
    kept: HttpConnection | undefined,
    draw: Chance,
  ): Promise<HttpConnection | undefined> {
    const choice = Math.floor(draw() * 2 ** 31);
    const key = kind === "get" ? keyOf(choice) : `${this.#run}-${++this.#count}`;
    const start = now();
    const answer: Answer = {};
    const note = (fault?: string) => {
      const outcome = { kind, key, start, end: now(), ...answer };
      this.outcomes.push(fault === undefined ? outcome : { ...outcome, fault });
    };
    let connection = kept;
    try {
      connection ??= await this.#connect();
      await this.#ask(connection, kind, { key, choice }, answer);
      note();
    } catch (error) {
      // After the end nothing was lost: the bench itself hung up.
      if (!this.#over || !(error instanceof BrokenOff)) note(faultOf(error));
      if (connection && !(error instanceof WrongAnswer)) connection.reusable = false;
    }
    if (connection?.reusable) return connection;
    this.#close(connection);
    return undefined;
  }

  async #ask(connection: HttpConnection, kind: Kind, ask: Ask, answer: Answer): Promise<void> {
    const late = () => connection.close(`nothing complete within ${DEADLINE_MS / 1000} s`);
    const timer = setTimeout(late, DEADLINE_MS);
    try {
      await ASK[kind](connection, ask, answer);
    } finally {
      clearTimeout(timer);
    }
  }

  async #connect(): Promise<HttpConnection> {
    const connection = await HttpConnection.open(this.#port);
    this.#open.add(connection);
    return connection;
  }

  #close(connection: HttpConnection | undefined): void {
    if (!connection) return;
    connection[Symbol.dispose]();
    this.#open.delete(connection);
  }
}

/** A failure that is none of the contestant's ends the bench. */
function faultOf(error: unknown): string {
  if (error instanceof BrokenOff || error instanceof WrongAnswer) return error.message;
  if (error instanceof SyntaxError) return `no JSON: ${error.message}`;
  throw error;
}
