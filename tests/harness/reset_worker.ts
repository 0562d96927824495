/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />
/**
 * Connects and resets, again and again: `resetAndDestroy` closes with SO_LINGER of 0.
 *
 * @module
 */
import { connect } from "node:net";

/** Connections that are on their way at once. */
const AT_ONCE = 64;

/** The worker's parameters. */
export interface Resets {
  readonly port: number;
  readonly count: number;
}

self.onmessage = async ({ data: { port, count } }: MessageEvent<Resets>) => {
  let left = count;
  const clients = Array.from({ length: AT_ONCE }, async () => {
    while (left-- > 0) await reset(port);
  });
  await Promise.all(clients);
  self.postMessage("done");
};

function reset(port: number): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => socket.resetAndDestroy());
    socket.on("close", () => resolve());
    // The reset itself.
    socket.on("error", () => {});
  });
}
