/**
 * The load generator h2load: a fixed rate, whatever the proxy does. One h2load sends the requests
 * of all its connections at the same instant, so there are many with few connections each.
 *
 * @module
 */
import { run } from "../../tools/command.ts";
import { ToolError } from "../../tools/tool.ts";
import { quantile } from "../harness/statistics.ts";
import { LOAD_CORE } from "./pinned.ts";

/** A load of so many requests a second. */
export interface RatedLoad {
  readonly port: number;
  readonly rate: number;
  readonly seconds: number;
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

/** What the logs say. */
interface RatedResult {
  /** Requests a second that were answered. */
  readonly rate: number;
  readonly requests: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  readonly slowest: number;
  readonly failed: number;
}

/** How many h2load run side by side, and the connections of each: 64 together. */
const GENERATORS = 16;
const CONNECTIONS = 4;
/** Different paths. */
const PATHS = 32;
/** Microseconds at the beginning that do not count: all connections start at once. */
const SETTLE_US = 500_000;

const SIDE_BY_SIDE = `log=$1; count=$2; shift 2
for i in $(seq "$count"); do "$@" --log-file="$log.$i" >/dev/null & done; wait`;

/** Loads a proxy at a fixed rate. */
export async function runRated(load: RatedLoad): Promise<RatedResult> {
  return summary(await generate(load));
}

/** The same, and every request of it. */
export async function ratedRequests(load: RatedLoad): Promise<Request[]> {
  return settled(requestsOf(await generate(load)), SETTLE_US);
}

/** @returns the logs of all generators */
async function generate(load: RatedLoad): Promise<string[]> {
  const log = `${load.folder}/h2load.log`;
  const rps = load.rate / (GENERATORS * CONNECTIONS);
  const paths = Array.from(
    { length: PATHS },
    (_, at) => `http://127.0.0.1:${load.port}/small/${at}`,
  );
  const args = ["--h1", `--rps=${rps.toFixed(2)}`, "-c", String(CONNECTIONS)];
  const duration = ["-D", String(load.seconds)];
  const command = ["taskset", "-c", String(LOAD_CORE), "h2load", ...args, ...duration, ...paths];
  const shell = ["-c", SIDE_BY_SIDE, "sh", log, String(GENERATORS), ...command];
  const { stderr } = await run("sh", shell);
  const names = Array.from({ length: GENERATORS }, (_, at) => `${log}.${at + 1}`);
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
 */
export function summary(logs: readonly string[], settleUs = SETTLE_US): RatedResult {
  const counted = settled(requestsOf(logs), settleUs);
  const first = counted.reduce((least, { start }) => Math.min(least, start), Infinity);
  const last = counted.reduce((most, { start }) => Math.max(most, start), first);
  const times = Float64Array.from(counted, ({ us }) => us / 1000).sort();
  return {
    rate: counted.length / ((last - first) / 1e6),
    requests: counted.length,
    p50: quantile(times, 0.5),
    p99: quantile(times, 0.99),
    slowest: quantile(times, 1),
    failed: counted.filter(({ status }) => status < 200 || status > 299).length,
  };
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
