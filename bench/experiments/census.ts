/**
 * Who answers which request: every id is asked for once, through the public port.
 *
 * @module
 */
import { BrokenOff, HttpConnection } from "../harness/http_connection.ts";
import { countsOf } from "./statistics.ts";

/** As many requests as the seed document makes. */
export const REQUESTS = 10_000;
/** Connections that they are sent over, kept alive. */
const CONNECTIONS = 32;

/** What became of the requests. */
export interface Census {
  /** By id: who answered; undefined where nobody did. */
  readonly answeredBy: readonly (string | undefined)[];
  /** What went wrong, in words. */
  readonly faults: readonly string[];
}

/** How the requests are made. */
export interface Asking {
  /** Whether the request's number is sent as `X-Request-Id`; else each gets a fresh one there. */
  readonly withIds: boolean;
  readonly signal: AbortSignal;
}

/** Makes `GET /home` {@linkcode REQUESTS} times, with the ids 0, 1, 2 and so on. */
export async function takeCensus(port: number, { withIds, signal }: Asking): Promise<Census> {
  const answeredBy = new Array<string | undefined>(REQUESTS).fill(undefined);
  const faults: string[] = [];
  let next = 0;
  const client = async () => {
    let connection: HttpConnection | undefined;
    for (let id = next++; id < REQUESTS && !signal.aborted; id = next++) {
      try {
        connection = connection?.reusable ? connection : await HttpConnection.open(port);
        answeredBy[id] = await hello(connection, withIds ? idField(id) : {});
      } catch (error) {
        if (!(error instanceof BrokenOff)) throw error;
        faults.push(`${id}: ${error.message}`);
      }
    }
    connection?.[Symbol.dispose]();
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, client));
  signal.throwIfAborted();
  return { answeredBy, faults };
}

/** The field by which a request's slot is that of a number. */
export function idField(id: number): Record<string, string> {
  return { "X-Request-Id": String(id) };
}

/**
 * Asks for the replica's page.
 *
 * @param connection to the balancer
 * @param fields header fields beside Host
 * @returns the name of the replica that answered
 * @throws {BrokenOff} there was no such answer
 */
export async function hello(
  connection: HttpConnection,
  fields: Readonly<Record<string, string>>,
): Promise<string> {
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`).join("");
  await connection.send(`GET /home HTTP/1.1\r\nHost: bench.test\r\n${lines}\r\n`);
  const head = await connection.head();
  const text = await connection.text(head);
  const shown = /"Hello from Server: ([^"]+)"/.exec(text)?.[1];
  if (head.status !== 200 || shown === undefined) {
    throw new BrokenOff("body", `${head.status} ${text.slice(0, 200)}`);
  }
  return nameOfShown(shown);
}

/** `Server3` for `3`, which is what the page shows of it. */
export function nameOfShown(shown: string): string {
  return /^\d+$/.test(shown) ? `Server${shown}` : shown;
}

/** Requests by who answered, in the order of the names given. */
export function requestsOf({ answeredBy }: Census, names: readonly string[]): number[] {
  const counts = countsOf(answeredBy.filter((name) => name !== undefined));
  return names.map((name) => counts.get(name) ?? 0);
}

/** How many ids are answered by another in the second census. */
export function movedBetween(before: Census, after: Census): number {
  return before.answeredBy.filter((name, id) => name !== after.answeredBy[id]).length;
}
