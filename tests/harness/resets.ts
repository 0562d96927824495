/**
 * Connections that are reset before they are accepted.
 *
 * @module
 */
import { within } from "./raw.ts";

/**
 * Connects and resets each connection at once, in a thread of its own.
 *
 * @param port port of this machine
 * @param count number of connections
 */
export async function reset(port: number, count: number): Promise<void> {
  const worker = new Worker(new URL("./reset_worker.ts", import.meta.url), { type: "module" });
  const { promise, resolve } = Promise.withResolvers<void>();
  worker.onmessage = () => resolve();
  worker.postMessage({ port, count });
  await within("the resets", promise, 60_000);
  worker.terminate();
}
