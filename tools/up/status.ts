/**
 * Waits for a balancer by polling it.
 *
 * @module
 */
import { type Endpoint, endpointOf } from "./endpoint.ts";
import { StartFailures, type StartingReplica } from "./start_failures.ts";
import { ToolError } from "../tool.ts";

/** The part of `GET /_lb/healthz` that the tools read. */
interface Status {
  readonly ready: number;
  readonly desired: number;
}

/** Options of the wait. */
interface Wait {
  /** The API's address. */
  readonly url: string;
  /** URL of the service. */
  readonly service: string;
  /** The required number of ready replicas. */
  readonly replicas: number;
  readonly timeoutMs: number;
  /** Milliseconds that starts may keep failing; the default is the whole wait. */
  readonly startTimeoutMs?: number;
  /** The token for the status, if any. */
  readonly token?: () => Promise<string | undefined>;
  /** The reason why waiting is pointless, in words; undefined while it may help. */
  readonly trouble: () => Promise<string | undefined>;
  /** Called at every step: `2 of 3 replicas ready`. */
  readonly progress: (line: string) => void;
}

const ASK_MS = 200;
const ANSWER_MS = 2000;
const SERVICE_UNAVAILABLE = 503;

/**
 * Waits until enough replicas are ready and the public port serves them.
 *
 * @throws {ToolError} if the deadline passed or waiting became pointless
 */
export async function untilReady(wait: Wait): Promise<void> {
  const deadline = performance.now() + wait.timeoutMs;
  const starts = new StartFailures(wait.startTimeoutMs ?? wait.timeoutMs);
  for (let last = "";;) {
    const status = await askStatus(wait.url);
    const line = `${status?.ready ?? 0} of ${wait.replicas} replicas ready`;
    const stalls = line === last;
    if (status && !stalls) wait.progress(last = line);
    if (status && status.ready >= wait.replicas && await serves(wait.service)) return;
    if (status && stalls) starts.look(await askReplicas(wait)).forEach(wait.progress);
    const trouble = await wait.trouble() ?? starts.hopeless;
    if (trouble) throw new ToolError(trouble);
    if (performance.now() > deadline) {
      throw new ToolError(`${line} after ${wait.timeoutMs / 1000} s`);
    }
    await new Promise((resolve) => setTimeout(resolve, ASK_MS));
  }
}

/**
 * Whether the public port has left its start phase, in which it answers 503 to every request. The
 * balancer itself answers this request (RFC 9110, section 7.6.2), so no replica sees it. Without an
 * answer, as behind the PROXY protocol, the phase is unknown.
 */
async function serves(service: string): Promise<boolean> {
  try {
    const init = { method: "OPTIONS", headers: { "Max-Forwards": "0" } };
    const response = await fetch(service, { ...init, signal: AbortSignal.timeout(ANSWER_MS) });
    await response.body?.cancel();
    return response.status !== SERVICE_UNAVAILABLE;
  } catch (error) {
    if (isNoAnswer(error)) return true;
    throw error;
  }
}

/** The balancer's health; undefined while it does not answer. */
async function askStatus(url: string): Promise<Status | undefined> {
  return await ask(url, "/_lb/healthz") as Status | undefined;
}

/** The replicas, as far as this caller may read them. */
async function askReplicas({ url, token }: Wait): Promise<readonly StartingReplica[]> {
  const status = await ask(url, "/_lb/status", await token?.());
  return (status as { readonly replicas?: readonly StartingReplica[] } | undefined)?.replicas ?? [];
}

/** The answer's body; undefined if there is none, or if the call is refused. */
async function ask(url: string, path: string, token?: string): Promise<unknown> {
  try {
    const signal = AbortSignal.timeout(ANSWER_MS);
    using endpoint = open(url);
    const headers = token === undefined ? {} : { Authorization: `Bearer ${token}` };
    const response = await fetch(endpoint.base + path, { ...endpoint.init, headers, signal });
    const body = await response.text();
    return response.ok ? JSON.parse(body) : undefined;
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

/** Connection refused, timeout, truncated answer, or an answer of another program: try again. */
function isNoAnswer(error: unknown): boolean {
  return error instanceof TypeError || error instanceof SyntaxError ||
    (error instanceof DOMException && error.name === "TimeoutError") ||
    error instanceof Deno.errors.Http || error instanceof Deno.errors.ConnectionReset;
}
