/**
 * A service that takes a fixed time for each request, independent of the number of requests.
 *
 * Environment: that of hello.ts, and SERVICE_MS, the time of an answer in milliseconds.
 *
 * @module
 */
import { serveHello } from "./hello.ts";

const serviceMs = Number(Deno.env.get("SERVICE_MS"));

serveHello(() => new Promise((resolve) => setTimeout(resolve, serviceMs)));
