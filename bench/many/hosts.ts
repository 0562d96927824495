/**
 * Loopback addresses for many upstreams.
 *
 * @module
 */

/** Addresses of one block of 256, without the first and the last. */
const BLOCK = 254;

/**
 * Addresses from 127.0.0.1 on.
 *
 * @param count how many
 */
export function upstreamHosts(count: number): string[] {
  return Array.from(
    { length: count },
    (_, at) => `127.0.${Math.floor(at / BLOCK)}.${at % BLOCK + 1}`,
  );
}
