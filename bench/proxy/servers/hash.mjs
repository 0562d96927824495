/**
 * Consistent hashing of a path for the proxies that come without: FNV-1a into a table of slots.
 *
 * @module
 */

const SLOTS = 512;

/**
 * A function from a path to the address of an upstream.
 *
 * @param {string[]} ports ports of the upstreams
 * @returns {(path: string) => string}
 */
// deno-lint-ignore explicit-module-boundary-types -- JavaScript, for Node runs it
export function byPath(ports) {
  const table = Array.from(
    { length: SLOTS },
    (_, at) => `http://127.0.0.1:${ports[at % ports.length]}`,
  );
  return (path) => {
    let hash = 0x811c9dc5;
    for (let at = 0; at < path.length; at++) {
      hash = Math.imul(hash ^ path.charCodeAt(at), 0x01000193);
    }
    return table[(hash ^ hash >>> 16) & (SLOTS - 1)];
  };
}
