/**
 * Exits with 0 if the replica of this container answers its heartbeat, for HEALTHCHECK in
 * Dockerfile.replica: an image with Deno alone has neither curl nor a shell.
 *
 * @module
 */
import { DEFAULT_PORT, HEARTBEAT_PATH, REPLICA_ENV } from "./contract.ts";

const TIMEOUT_MS = 4000;

const host = Deno.env.get(REPLICA_ENV.host) ?? "0.0.0.0";
const hostname = host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host;
const port = Deno.env.get(REPLICA_ENV.port) ?? DEFAULT_PORT;
const url = `http://${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`;

const response = await fetch(url + HEARTBEAT_PATH, { signal: AbortSignal.timeout(TIMEOUT_MS) });
Deno.exit(response.ok ? 0 : 1);
