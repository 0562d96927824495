/**
 * Whether balancers send equal keys to the same instance.
 *
 * @module
 */
import { ANSWER_MS, type Front } from "./contestant.ts";

/** Number of keys. */
const KEYS = 200;

/** Keys, and how many of them two balancers send to different instances. */
export interface Keys {
  readonly keys: number;
  readonly differing: number;
}

/**
 * Sends each key through each balancer.
 *
 * @param fronts the balancers
 */
export async function keysOf(fronts: readonly Front[]): Promise<Keys> {
  let differing = 0;
  for (let key = 0; key < KEYS; key++) {
    const answers = await Promise.all(fronts.map(({ url }) => answerTo(url, key)));
    if (new Set(answers).size > 1) differing++;
  }
  return { keys: KEYS, differing };
}

async function answerTo(url: string, key: number): Promise<string> {
  const headers = { "x-request-id": String(key) };
  const signal = AbortSignal.timeout(ANSWER_MS);
  return await (await fetch(`${url}/home`, { headers, signal })).text();
}
