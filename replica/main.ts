/**
 * Runs one replica: `deno task replica`, a container, or a child of the balancer.
 *
 * Exit codes: 0 drained after SIGTERM or SIGINT, 1 some requests were cut off or the address is
 * unavailable, 2 the environment is invalid.
 *
 * @module
 */
import { createApp } from "./app.ts";
import { DEFAULT_PORT, REPLICA_ENV } from "./contract.ts";
import { type ServeAddress, serveUntilSignal } from "./serve.ts";

const MAX_PORT = 65_535;
/** Below the ten seconds of `docker stop`, so that the exit code is the replica's own. */
const DRAIN_MS = 8_000;

function fail(code: number, message: string): never {
  Deno.stderr.writeSync(new TextEncoder().encode(`replica: ${message}\n`));
  Deno.exit(code);
}

function readPort(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port >= 1 && port <= MAX_PORT) return port;
  return fail(2, `${REPLICA_ENV.port} must be a whole number from 1 to ${MAX_PORT}, not "${text}"`);
}

function readAddress(): ServeAddress {
  const path = Deno.env.get(REPLICA_ENV.socket);
  if (path) return { path };
  const port = readPort(Deno.env.get(REPLICA_ENV.port) ?? String(DEFAULT_PORT));
  return { hostname: Deno.env.get(REPLICA_ENV.host) ?? "0.0.0.0", port };
}

const address = readAddress();
const app = createApp(Deno.env.get(REPLICA_ENV.name) ?? "");

try {
  const drained = await serveUntilSignal(app.fetch, { ...address, drainMs: DRAIN_MS });
  if (!drained) fail(1, `gave up on requests that still ran ${DRAIN_MS} ms after the signal`);
  Deno.exit(0);
} catch (error) {
  const at = "path" in address ? address.path : `${address.hostname}:${address.port}`;
  fail(1, `cannot serve on ${at}: ${error instanceof Error ? error.message : error}`);
}
