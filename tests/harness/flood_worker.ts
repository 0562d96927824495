/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />
/**
 * The thread of a flood.
 *
 * @module
 */
import type { FloodOptions } from "./flood.ts";

/** Milliseconds until a connection that was ended is opened again. */
const AGAIN_MS = 1000;

const open = new Set<Deno.Conn>();
let stopped = false;
let opened = 0;

self.onmessage = ({ data }: MessageEvent<FloodOptions | "stop">) => {
  if (data === "stop") return stop();
  for (let i = 0; i < data.connections; i++) hold(data);
};

function stop(): void {
  stopped = true;
  for (const connection of open) connection.close();
  open.clear();
  self.postMessage(opened);
}

async function hold(options: FloodOptions): Promise<void> {
  while (!stopped) {
    await once(options);
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
  }
}

/** Holds one connection until it ends. Any behaviour of the server is accepted. */
async function once({ to, bytes }: FloodOptions): Promise<void> {
  let connection: Deno.Conn | undefined;
  try {
    connection = await connect(to);
    if (stopped) return connection.close();
    if (opened++ === 0) self.postMessage("begun");
    open.add(connection);
    if (bytes !== "") await connection.write(new TextEncoder().encode(bytes));
    const into = new Uint8Array(1024);
    while (!stopped && await connection.read(into) !== null);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    // Refused, reset, or closed by `stop`.
  } finally {
    if (connection && open.delete(connection)) connection.close();
  }
}

function connect(to: FloodOptions["to"]): Promise<Deno.Conn> {
  if ("path" in to) return Deno.connect({ transport: "unix", path: to.path });
  return Deno.connect({ hostname: "127.0.0.1", port: to.port });
}
