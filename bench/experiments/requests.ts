/**
 * Requests of the experiments: `GET /home`, answered with the name of the replica.
 *
 * @module
 */
import { now } from "../harness/clock.ts";
import { BrokenOff, type HttpConnection } from "../harness/connection.ts";
import { type Client, type Connect, Load } from "../harness/load.ts";
import { countsOf } from "../harness/statistics.ts";

/** One request. */
export interface Outcome {
  /** Milliseconds since the epoch: sent, and answered. */
  readonly start: number;
  readonly end: number;
  /** The replica that answered. */
  readonly server?: string;
  /** The reason why no replica did. */
  readonly fault?: string;
}

/** As many requests as the seed document makes. */
export const REQUESTS = 10_000;
/** Connections of a census. */
const CONNECTIONS = 32;

/**
 * Clients of a paced load: enough to send the other requests while a third of them waits for a
 * replacement.
 */
export const CLIENTS = 320;
/** Milliseconds from one request of a client to its next. */
const PACE_MS = 320;
/** Requests each second of a paced load. */
export const REQUESTS_A_SECOND = 1000 * CLIENTS / PACE_MS;
/** Milliseconds before a client that failed sends its next request. */
const PAUSE_MS = 10;

/** The field that gives a request the slot of a number. */
export function idField(id: number): string {
  return `X-Request-Id: ${id}\r\n`;
}

/**
 * Asks for the replica's page.
 *
 * @param connection to the balancer
 * @param fields header fields beside Host, each with its line end
 * @returns the name of the replica that answered
 * @throws {BrokenOff} there was no such answer
 */
export async function hello(connection: HttpConnection, fields: string): Promise<string> {
  await connection.send(`GET /home HTTP/1.1\r\nHost: bench.test\r\n${fields}\r\n`);
  const head = await connection.head();
  const text = await connection.text(head);
  const shown = /"Hello from Server: ([^"]+)"/.exec(text)?.[1];
  if (head.status === 200 && shown !== undefined) return nameOfShown(shown);
  throw new BrokenOff(`${head.status} ${text.slice(0, 200)}`);
}

/** `Server3` for `3`, which is the part of the name that the page shows. */
export function nameOfShown(shown: string): string {
  return /^\d+$/.test(shown) ? `Server${shown}` : shown;
}

async function outcomeOf(connect: Connect, fields: string): Promise<Outcome> {
  const start = now();
  try {
    return { start, server: await hello(await connect(), fields), end: now() };
  } catch (error) {
    if (!(error instanceof BrokenOff)) throw error;
    return { start, end: now(), fault: error.message };
  }
}

/** The outcomes of a census. */
export interface Census {
  /** By id: the replica that answered; undefined where none did. */
  readonly answeredBy: readonly (string | undefined)[];
  /** Requests without an answer, in words. */
  readonly faults: readonly string[];
}

/**
 * Makes `GET /home` {@linkcode REQUESTS} times, with the ids 0, 1, 2 and so on.
 *
 * @param port of the balancer
 * @param signal ends it early
 * @param withIds whether the id is sent as `X-Request-Id`; otherwise the balancer gives a fresh one
 */
export async function takeCensus(
  port: number,
  signal: AbortSignal,
  withIds = true,
): Promise<Census> {
  const answeredBy = new Array<string | undefined>(REQUESTS).fill(undefined);
  const faults: string[] = [];
  let id = 0;
  const request = async (connect: Connect) => {
    const own = id++;
    const { server, fault } = await outcomeOf(connect, withIds ? idField(own) : "");
    answeredBy[own] = server;
    if (fault !== undefined) faults.push(`${own}: ${fault}`);
  };
  const next = () => id < REQUESTS && !signal.aborted ? 0 : undefined;
  await using load = new Load(port, Array.from({ length: CONNECTIONS }, () => ({ request, next })));
  await load.finished();
  signal.throwIfAborted();
  return { answeredBy, faults };
}

/** Requests by the replica that answered, in the order of the names given. */
export function requestsOf({ answeredBy }: Census, names: readonly string[]): number[] {
  const counts = countsOf(answeredBy.filter((name) => name !== undefined));
  return names.map((name) => counts.get(name) ?? 0);
}

/** The number of ids that another replica answers in the second census. */
export function movedBetween(before: Census, after: Pick<Census, "answeredBy">): number {
  return before.answeredBy.filter((name, id) => name !== after.answeredBy[id]).length;
}

/** A load and the outcomes of its requests so far. */
class RecordedLoad extends Load {
  constructor(port: number, readonly outcomes: Outcome[], clients: readonly Client[]) {
    super(port, clients);
  }
}

/** Clients that send requests at a pace, for any outcome; ids count up. */
export function pacedLoad(port: number): RecordedLoad {
  const outcomes: Outcome[] = [];
  let id = 0;
  const from = now();
  const request = async (connect: Connect) =>
    void outcomes.push(await outcomeOf(connect, idField(id++)));
  const clients = Array.from({ length: CLIENTS }, (_, at) => ({
    ...{ first: from + PACE_MS * at / CLIENTS, next: nextDue, request },
  }));
  return new RecordedLoad(port, outcomes, clients);
}

/**
 * When a client of a paced load sends its next request. After a long wait it skips turns, so that
 * clients that waited together do not go on together.
 *
 * @param due when the last request was due, in milliseconds
 * @param now when its answer was complete
 */
export function nextDue(due: number, now: number): number {
  return due + PACE_MS * Math.max(1, Math.ceil((now - due) / PACE_MS));
}

/**
 * Clients that send the next request as soon as the last is answered, so that as many requests are
 * in flight as there are clients.
 *
 * @param port of the balancer
 * @param clients how many
 * @param nextKey the key of the next request, sent as `X-Key`
 */
export function closedLoad(port: number, clients: number, nextKey: () => string): RecordedLoad {
  const outcomes: Outcome[] = [];
  const client = (): Client => {
    let pause = 0;
    const request = async (connect: Connect) => {
      const outcome = await outcomeOf(connect, `X-Key: ${nextKey()}\r\n`);
      outcomes.push(outcome);
      pause = outcome.fault === undefined ? 0 : PAUSE_MS;
    };
    return { request, next: (_due, now) => now + pause };
  };
  return new RecordedLoad(port, outcomes, Array.from({ length: clients }, client));
}
