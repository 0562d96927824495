/**
 * Who answers which key.
 *
 * @module
 */
import { type Answer, ASK } from "./asking.ts";
import { HttpConnection } from "../harness/http_connection.ts";
import { keyOf, KEYS } from "./load.ts";

/** The replica of each key. */
export type Homes = ReadonlyMap<string, string>;

/**
 * Asks for every key once.
 *
 * @param port of the contestant
 * @throws {BrokenOff | WrongAnswer} one was not answered
 */
export async function takeCensus(port: number): Promise<Homes> {
  using connection = await HttpConnection.open(port);
  const homes = new Map<string, string>();
  for (let at = 0; at < KEYS; at++) {
    const answer: Answer = {};
    await ASK.get(connection, { key: keyOf(at), choice: 0 }, answer);
    homes.set(keyOf(at), answer.server ?? "");
  }
  return homes;
}
