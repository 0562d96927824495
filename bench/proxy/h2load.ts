/**
 * The load generator h2load: a fixed rate, independent of the proxy. One h2load sends the requests
 * of all its connections at the same instant, so there are many with few connections each.
 *
 * @module
 */
import { run } from "../../tools/command.ts";
import { ToolError } from "../../tools/tool.ts";
import { quantile } from "../harness/statistics.ts";
import { LOAD_CORE } from "../harness/pinned.ts";

/** A load of `rate` requests a second. */
export interface RatedLoad {
  readonly port: number;
  readonly rate: number;
  readonly seconds: number;
  /** A multiple of 4; 64 where it is not said. */
  readonly connections?: number;
  /** Folder for the logs. */
  readonly folder: string;
}

/** A request of the load. */
export interface Request {
  /** When it was sent, in microseconds since 1970. */
  readonly start: number;
  /** How long it took, in microseconds. */
  readonly us: number;
  /** Status of the response, -1 without one. */
  readonly status: number;
}

/** The results in the logs. */
interface RatedResult {
  /** Requests a second that were answered. */
  readonly rate: number;
  readonly requests: number;
  /** Milliseconds, as clients would see them that do not wait for each other ({@linkcode corrected}). */
  readonly p50: number;
  readonly p99: number;
  readonly slowest: number;
  readonly failed: number;
}

/**
 * Connections of one h2load, if at most {@linkcode GENERATORS} then run side by side. With more
 * processes the load's core is full, and its queue dominates the latencies.
 */
const FEW = 4;
const GENERATORS = 16;
const CONNECTIONS = 64;
/** Different paths. */
const PATHS = 32;
/** Microseconds at the beginning that do not count: all connections start at once. */
const SETTLE_US = 500_000;

const SIDE_BY_SIDE = `log=$1; count=$2; shift 2
for i in $(seq "$count"); do "$@" --log-file="$log.$i" >/dev/null & done; wait`;

/** As many requests by HTTP/2 as the proxy answers. */
interface Http2Load {
  readonly port: number;
  readonly connections: number;
  /** Requests at once on each connection. */
  readonly streams: number;
  /** Whether the port speaks TLS. */
  readonly tls?: boolean;
  readonly seconds: number;
}

/** The results that h2load prints. */
interface Http2Result {
  readonly requests: number;
  readonly failed: number;
}

/** Loads a proxy by HTTP/2: over TLS, or with prior knowledge. */
export async function runHttp2(
  { port, connections, streams, tls, seconds }: Http2Load,
): Promise<Http2Result> {
  const origin = `${tls ? "https" : "http"}://127.0.0.1:${port}`;
  const paths = Array.from({ length: PATHS }, (_, at) => `${origin}/small/${at}`);
  const size = ["-c", String(connections), "-m", String(streams), "-D", String(seconds)];
  const command = ["taskset", "-c", String(LOAD_CORE), "h2load", ...size, ...paths];
  const { stdout, stderr } = await run("sh", ["-c", 'exec "$@"', "sh", ...command]);
  return http2Summary(stdout, stderr);
}

/**
 * Reads what h2load prints.
 *
 * @param text its output
 * @param fault its errors, for a run that failed
 */
export function http2Summary(text: string, fault = ""): Http2Result {
  const [, done, failed] = /requests: \d+ total, \d+ started, (\d+) done, \d+ succeeded, (\d+)/
    .exec(text) ?? [];
  if (done === undefined) throw new ToolError(`h2load failed: ${fault.trim()}`);
  return { requests: Number(done), failed: Number(failed) };
}

/** Loads a proxy at a fixed rate. */
export async function runRated(load: RatedLoad): Promise<RatedResult> {
  const { rate, connections = CONNECTIONS } = load;
  return summary(await generate(load), SETTLE_US, connections / rate * 1000);
}

/** The same, and every request of it. */
export async function ratedRequests(load: RatedLoad): Promise<Request[]> {
  return settled(requestsOf(await generate(load)), SETTLE_US);
}

/** @returns the logs of all generators */
async function generate(load: RatedLoad): Promise<string[]> {
  const { folder, rate, port, seconds, connections = CONNECTIONS } = load;
  const log = `${folder}/h2load.log`;
  const generators = Math.min(GENERATORS, connections / FEW);
  const rps = (rate / connections).toFixed(2);
  const paths = Array.from({ length: PATHS }, (_, at) => `http://127.0.0.1:${port}/small/${at}`);
  const args = ["--h1", `--rps=${rps}`, "-c", String(connections / generators)];
  const duration = ["-D", String(seconds)];
  const command = ["taskset", "-c", String(LOAD_CORE), "h2load", ...args, ...duration, ...paths];
  const shell = ["-c", SIDE_BY_SIDE, "sh", log, String(generators), ...command];
  const { stderr } = await run("sh", shell);
  const names = Array.from({ length: generators }, (_, at) => `${log}.${at + 1}`);
  const texts = await Promise.all(names.map(take));
  if (texts.every((text) => text === "")) throw new ToolError(`h2load failed: ${stderr.trim()}`);
  return texts;
}

/** Reads a log and removes it, so that the next run cannot find it. */
async function take(path: string): Promise<string> {
  try {
    const text = await Deno.readTextFile(path);
    await Deno.remove(path);
    return text;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}

/**
 * Reads the logs of h2load: a line for each request with its start and its length in microseconds
 * and the status between them.
 *
 * @param logs the logs of all generators
 * @param settleUs microseconds from the first request on that are left out
 * @param intervalMs milliseconds between two requests of a connection, where their times are to be
 *   {@linkcode corrected}
 */
export function summary(
  logs: readonly string[],
  settleUs = SETTLE_US,
  intervalMs = Infinity,
): RatedResult {
  const counted = settled(requestsOf(logs), settleUs);
  const first = counted.reduce((least, { start }) => Math.min(least, start), Infinity);
  const last = counted.reduce((most, { start }) => Math.max(most, start), first);
  const times = corrected(counted.map(({ us }) => us / 1000), intervalMs).sort();
  return {
    rate: counted.length / ((last - first) / 1e6),
    requests: counted.length,
    p50: quantile(times, 0.5),
    p99: quantile(times, 0.99),
    slowest: quantile(times, 1),
    failed: counted.filter(({ status }) => status < 200 || status > 299).length,
  };
}

/**
 * A connection has one request at a time, so one that is late keeps back those that were due in the
 * meantime, and they are not counted as late ("coordinated omission"). The ones that were kept back
 * are put in, each with the time that was left when it was due, as HdrHistogram does.
 *
 * @param times milliseconds that requests took
 * @param intervalMs milliseconds between two requests of a connection
 */
export function corrected(times: readonly number[], intervalMs: number): Float64Array {
  const all: number[] = [];
  for (const time of times) {
    for (let left = time; left >= intervalMs || left === time; left -= intervalMs) all.push(left);
  }
  return Float64Array.from(all);
}

function requestsOf(logs: readonly string[]): Request[] {
  const lines = logs.flatMap((log) => log.split("\n")).filter((line) => line !== "");
  return lines.map((line) => {
    const [start = NaN, status = NaN, us = NaN] = line.split("\t").map(Number);
    return { start, status, us };
  });
}

/** Those that were sent when all connections had begun. */
function settled(requests: readonly Request[], settleUs: number): Request[] {
  const first = requests.reduce((least, { start }) => Math.min(least, start), Infinity);
  return requests.filter(({ start }) => start >= first + settleUs);
}
