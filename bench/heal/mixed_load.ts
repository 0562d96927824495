/**
 * The load: 64 clients, each with one connection and one kind of request, at a pace.
 *
 * @module
 */
import { now } from "../harness/clock.ts";
import { BrokenOff, HttpConnection } from "../harness/connection.ts";
import { type Client, type Connect, Load } from "../harness/load.ts";
import { chance } from "../harness/random.ts";
import { type Answer, type Kind, type Outcome, SEND, WrongAnswer } from "./requests.ts";

/** The number of clients for each kind, and the milliseconds from one request to the next. */
const MIX: readonly { readonly kind: Kind; readonly clients: number; readonly paceMs: number }[] = [
  { kind: "get", clients: 40, paceMs: 100 },
  { kind: "post", clients: 12, paceMs: 150 },
  { kind: "upload", clients: 4, paceMs: 500 },
  { kind: "stream", clients: 8, paceMs: 0 },
];

/** Clients, and with it connections. */
export const CONNECTIONS = MIX.reduce((sum, { clients }) => sum + clients, 0);
/** Different keys of the GETs: enough for every replica, few enough to know the home of each. */
const KEYS = 512;
/** Milliseconds after which a request, or a stream without further events, counts as failed. */
const DEADLINE_MS = 15_000;

/** The replica of each key. */
export type Homes = ReadonlyMap<string, string>;

function keyOf(at: number): string {
  return `key-${at % KEYS}`;
}

/** The mix at work. */
export class MixedLoad implements AsyncDisposable {
  /** The outcome of every request so far. */
  readonly outcomes: Outcome[] = [];
  readonly #run: string;
  readonly #load: Load;
  #count = 0;

  /**
   * Starts the clients.
   *
   * @param port of the contestant, on this machine
   * @param run tells this run's requests from others'
   * @param seed of their choices
   */
  constructor(port: number, run: string, seed: number) {
    this.#run = run;
    const clients = MIX.flatMap((part) => Array.from({ length: part.clients }, () => part))
      .map(({ kind, paceMs }, at) => this.#client(kind, paceMs, seed * CONNECTIONS + at));
    this.#load = new Load(port, clients);
  }

  /** Lets every client finish its request. */
  stop(): Promise<void> {
    return this.#load.stop();
  }

  /** Ends it at once. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#load[Symbol.asyncDispose]();
  }

  #client(kind: Kind, paceMs: number, seed: number): Client {
    const draw = chance(seed);
    return {
      // Not all at the same instant.
      first: now() + draw() * paceMs,
      next: (due, now) => Math.max(now, due + paceMs),
      request: (connect) => this.#request(kind, connect, Math.floor(draw() * 2 ** 31)),
    };
  }

  async #request(kind: Kind, connect: Connect, choice: number): Promise<void> {
    const key = kind === "get" ? keyOf(choice) : `${this.#run}-${++this.#count}`;
    const start = now();
    const answer: Answer = {};
    const note = (fault?: string) => {
      const outcome = { kind, key, start, end: now(), ...answer };
      this.outcomes.push(fault === undefined ? outcome : { ...outcome, fault });
    };
    let connection: HttpConnection | undefined;
    try {
      connection = await connect();
      await inTime(connection, SEND[kind](connection, { key, choice }, answer));
      note();
    } catch (error) {
      // After the end nothing was lost: the bench itself hung up.
      if (!this.#load.over || !(error instanceof BrokenOff)) note(faultOf(error));
      if (connection && !(error instanceof WrongAnswer)) connection.reusable = false;
    }
  }
}

async function inTime(connection: HttpConnection, sent: Promise<void>): Promise<void> {
  const late = () => connection.close(`nothing complete within ${DEADLINE_MS / 1000} s`);
  const timer = setTimeout(late, DEADLINE_MS);
  try {
    await sent;
  } finally {
    clearTimeout(timer);
  }
}

/** A failure that is not the contestant's ends the bench. */
function faultOf(error: unknown): string {
  if (error instanceof BrokenOff || error instanceof WrongAnswer) return error.message;
  if (error instanceof SyntaxError) return `no JSON: ${error.message}`;
  throw error;
}

/**
 * Asks for every key once.
 *
 * @param port of the contestant
 * @throws {BrokenOff | WrongAnswer} one was not answered
 */
export async function homesOf(port: number): Promise<Homes> {
  using connection = await HttpConnection.open(port);
  const homes = new Map<string, string>();
  for (let at = 0; at < KEYS; at++) {
    const answer: Answer = {};
    await SEND.get(connection, { key: keyOf(at), choice: 0 }, answer);
    homes.set(keyOf(at), answer.server ?? "");
  }
  return homes;
}
