/**
 * Long work of the main thread in parts.
 *
 * @module
 */

/**
 * Yields to the event loop: heartbeats, views and other answers run before the promise resolves.
 */
export function turnOfLoop(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
