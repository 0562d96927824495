/**
 * Waits for a balancer by asking it.
 *
 * @module
 */
import { type Endpoint, endpointOf } from "./endpoint.ts";
import { ToolError } from "./tool.ts";

/** The part of `GET /_lb/healthz` that the tools read. */
export interface Status {
  readonly ready: number;
  readonly desired: number;
}

/** How to wait. */
export interface Wait {
  /** Where the balancer listens. */
  readonly url: string;
  /** How many replicas must be ready. */
  readonly replicas: number;
  readonly timeoutMs: number;
  /** Why waiting is pointless, in words; undefined while there is hope. */
  readonly trouble: () => Promise<string | undefined>;
  /** Told of every step: `2 of 3 replicas ready`. */
  readonly progress: (line: string) => void;
}

const ASK_MS = 200;
const ANSWER_MS = 2000;

/**
 * Waits until enough replicas are ready.
 *
 * @throws {ToolError} when the time is over or waiting became pointless
 */
export async function untilReady(wait: Wait): Promise<void> {
  const deadline = performance.now() + wait.timeoutMs;
  for (let last = "";;) {
    const status = await askStatus(wait.url);
    const line = `${status?.ready ?? 0} of ${wait.replicas} replicas ready`;
    if (status && line !== last) wait.progress(last = line);
    if (status && status.ready >= wait.replicas) return;
    const trouble = await wait.trouble();
    if (trouble) throw new ToolError(trouble);
    if (performance.now() > deadline) {
      throw new ToolError(`${line} after ${wait.timeoutMs / 1000} s`);
    }
    await new Promise((resolve) => setTimeout(resolve, ASK_MS));
  }
}

/** How a balancer is; undefined while none answers. */
async function askStatus(url: string): Promise<Status | undefined> {
  try {
    const signal = AbortSignal.timeout(ANSWER_MS);
    using endpoint = open(url);
    const response = await fetch(`${endpoint.base}/_lb/healthz`, { ...endpoint.init, signal });
    const body = await response.text();
    return response.ok ? JSON.parse(body) as Status : undefined;
  } catch (error) {
    if (isNoAnswer(error)) return undefined;
    throw error;
  }
}

/** An endpoint for one call. */
function open(url: string): Endpoint & Disposable {
  const endpoint = endpointOf(url);
  return { ...endpoint, [Symbol.dispose]: () => endpoint.init.client?.close() };
}

/** Nobody listens yet, too slow, cut off, or somebody else's answer: ask again. */
function isNoAnswer(error: unknown): boolean {
  return error instanceof TypeError || error instanceof SyntaxError ||
    (error instanceof DOMException && error.name === "TimeoutError") ||
    error instanceof Deno.errors.Http || error instanceof Deno.errors.ConnectionReset;
}
