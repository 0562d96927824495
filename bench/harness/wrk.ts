/**
 * The load generator wrk: a fixed number of connections, each with its next request as soon as it
 * has its response.
 *
 * @module
 */
import { run } from "../../tools/command.ts";
import { ToolError } from "../../tools/tool.ts";
import { LOAD_CORE } from "./pinned.ts";

/** The load on a proxy. */
export interface Load {
  readonly port: number;
  /** Beginning of the paths that are asked for. */
  readonly path: string;
  readonly connections: number;
  readonly seconds: number;
  /** Whether the port speaks TLS. */
  readonly tls?: boolean;
  /** Header fields of every request. */
  readonly fields?: readonly string[];
}

/** The results of wrk. */
interface WrkResult {
  readonly requests: number;
  readonly seconds: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  /** Requests without a response, or with one that is no success. */
  readonly failed: number;
}

const SCRIPT = new URL("paths.lua", import.meta.url).pathname;

const MILLISECONDS: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1000, m: 60_000 };

/** Loads a proxy. */
export async function runWrk(load: Load): Promise<WrkResult> {
  const fields = (load.fields ?? []).flatMap((field) => ["-H", field]);
  const args = ["-t1", `-c${load.connections}`, `-d${load.seconds}s`, "--latency", "-s", SCRIPT];
  const url = `${load.tls ? "https" : "http"}://127.0.0.1:${load.port}/`;
  const command = ["taskset", "-c", String(LOAD_CORE), "wrk", ...args, ...fields, url, "--"];
  const result = await run("sh", ["-c", 'exec "$@"', "sh", ...command, load.path]);
  if (result.code !== 0) throw new ToolError(`wrk failed: ${result.stderr.trim()}`);
  return parseWrk(result.stdout);
}

/**
 * Reads the report of `wrk --latency`.
 *
 * @param text the report
 */
export function parseWrk(text: string): WrkResult {
  const total = /(\d+) requests in ([\d.]+)(us|ms|s|m),/.exec(text);
  if (!total) throw new ToolError(`wrk's report is not understood: ${text}`);
  const errors = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(text);
  const refused = /Non-2xx or 3xx responses: (\d+)/.exec(text);
  const failures = [...errors?.slice(1) ?? [], ...refused?.slice(1) ?? []];
  return {
    requests: Number(total[1]),
    seconds: milliseconds(total[2], total[3]) / 1000,
    p50: percentile(text, 50),
    p99: percentile(text, 99),
    failed: failures.reduce((sum, count) => sum + Number(count), 0),
  };
}

function percentile(text: string, percent: number): number {
  const found = new RegExp(`^\\s+${percent}%\\s+([\\d.]+)(us|ms|s|m) *$`, "m").exec(text);
  return milliseconds(found?.[1], found?.[2]);
}

function milliseconds(value: string | undefined, unit: string | undefined): number {
  return Number(value ?? NaN) * (MILLISECONDS[unit ?? ""] ?? NaN);
}
