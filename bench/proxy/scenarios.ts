/**
 * What is done with each proxy.
 *
 * @module
 */
import { ToolError } from "../../tools/tool.ts";
import { BROWSER_FIELDS } from "./browser_fields.ts";
import { ratedRequests, runRated } from "./h2load.ts";
import { whileIdle } from "./idle.ts";
import * as metrics from "./metrics.ts";
import type { Metric, Sample } from "./metrics.ts";
import type { Setup } from "./peer_configs.ts";
import type { Command } from "./program.ts";
import type { Kind } from "./proxy.ts";
import { BODY_BYTES, type Path, type Upstream } from "./upstreams.ts";
import { cpuBetween, readUsage } from "./usage.ts";
import { compareWindows, parseMarks, VIEW_METRICS } from "./view_windows.ts";
import { type Load, runWrk } from "./wrk.ts";

/** A proxy that runs, and how long to measure it. */
export interface Subject {
  readonly pid: number;
  readonly port: number;
  readonly upstreams: readonly Upstream[];
  readonly folder: string;
  /** File with what it wrote. */
  readonly log: string;
  readonly seconds: number;
  readonly warmUp: number;
  readonly idle: number;
}

/** One table of the result. */
export interface Scenario {
  readonly name: string;
  /** The option's name that chooses it. */
  readonly group: string;
  readonly title: string;
  readonly metrics: readonly Metric[];
  /** Which kinds of proxies take part; all where it is not said. */
  readonly kinds?: readonly Kind[];
  /** What is started in the place of the proxy's own command. */
  readonly command?: (setup: Setup) => Command;
  readonly measure: (subject: Subject) => Promise<Sample>;
}

const { CPU, RATE, P50, P99, SLOWEST, PEAK, BUSY, OTHERS, FAILED, BYTES, LOAD, RSS, IDLE, OPEN } =
  metrics;

/** The share of what it can carry that a proxy gets where latency is measured. */
const SHARE = 0.7;
/** Requests a second while the view changes. */
const VIEW_RATE = 3200;
/** Milliseconds until an upstream stops, and until it is back. */
const VIEW_STEP_MS = 1500;
/** Requests a second where single ones count: few enough that they do not wait for each other. */
const WINDOWS_RATE = 800;
/** How much longer than others the scenario takes that compares short windows. */
const WINDOWS_FACTOR = 8;
/** Milliseconds after which memory is taken for settled. */
const SETTLE_MS = 1500;

/** All scenarios, in the order in which they run. */
export const SCENARIOS: readonly Scenario[] = [
  full("small", "64 connections, 56-byte bodies", "/small/", 64),
  full("heads", "the same with a browser's header fields", "/small/", 64, BROWSER_FIELDS),
  bulk("large 64 KiB", "16 connections, 64 KiB bodies", "/64k/"),
  bulk("large 1 MiB", "16 connections, 1 MiB bodies", "/1m/"),
  {
    name: "latency",
    group: "latency",
    title: "64 connections at 70 % of what each carries, 56-byte bodies",
    metrics: [LOAD, RATE, P50, P99, SLOWEST, FAILED],
    measure: atShare,
  },
  {
    name: "idle",
    group: "idle",
    title: "idle connections, each after one request",
    metrics: [OPEN, RSS, IDLE],
    // The relay would need a connection to an upstream for each.
    kinds: ["own", "peer"],
    measure: silent,
  },
  {
    name: "view",
    group: "view",
    title: `one of two upstreams stops and starts again at ${VIEW_RATE} req/s`,
    metrics: [RATE, P50, P99, SLOWEST, FAILED],
    kinds: ["own"],
    measure: throughChange,
  },
  {
    name: "view windows",
    group: "view",
    title: `what a change of the view costs requests, at ${WINDOWS_RATE} req/s`,
    metrics: VIEW_METRICS,
    kinds: ["own"],
    command: viewChanges,
    measure: besideChanges,
  },
];

function full(
  name: string,
  title: string,
  path: Path,
  connections: number,
  fields: readonly string[] = [],
): Scenario {
  const measure = (subject: Subject) => underLoad(subject, { path, connections, fields });
  return {
    name,
    group: name,
    title,
    metrics: [CPU, RATE, P50, P99, PEAK, BUSY, OTHERS, FAILED],
    measure,
  };
}

function bulk(name: string, title: string, path: Path): Scenario {
  const measure = (subject: Subject) => underLoad(subject, { path, connections: 16 });
  return {
    name,
    group: "large",
    title,
    metrics: [BYTES, RATE, P99, PEAK, BUSY, OTHERS, FAILED],
    measure,
  };
}

/** As many requests as the proxy answers. */
async function underLoad(
  { pid, port, warmUp, seconds }: Subject,
  load: Omit<Load, "port" | "seconds"> & { path: Path },
): Promise<Sample> {
  await runWrk({ ...load, port, seconds: warmUp });
  const before = await readUsage(pid);
  const result = await runWrk({ ...load, port, seconds });
  const after = await readUsage(pid);
  requireAnswers(result.requests);
  const cpuSeconds = cpuBetween(before, after) / 1e9;
  return {
    cpuUs: cpuSeconds * 1e6 / result.requests,
    rate: result.requests / result.seconds,
    mbPerCpu: result.requests * BODY_BYTES[load.path] / 1e6 / cpuSeconds,
    p50Ms: result.p50,
    p99Ms: result.p99,
    peakMb: after.peakRss / 1e6,
    busy: 100 * cpuSeconds / result.seconds,
    others: Math.max(0, 100 * ((after.core - before.core) / 1e9 - cpuSeconds) / result.seconds),
    failed: result.failed,
  };
}

async function atShare({ port, warmUp, seconds, folder }: Subject): Promise<Sample> {
  const load = { port, path: "/small/", connections: 64 };
  await runWrk({ ...load, seconds: warmUp });
  const most = await runWrk({ ...load, seconds: warmUp });
  requireAnswers(most.requests);
  const rate = SHARE * most.requests / most.seconds;
  return { load: rate, ...await rated({ port, rate, seconds, folder }) };
}

async function silent({ pid, port, idle, warmUp }: Subject): Promise<Sample> {
  await runWrk({ port, path: "/small/", connections: 64, seconds: warmUp });
  await wait(SETTLE_MS);
  const { rss } = await readUsage(pid);
  const { result, open } = await whileIdle(port, idle, async () => {
    await wait(SETTLE_MS);
    return await readUsage(pid);
  });
  return { open, rssMb: rss / 1e6, idleKb: (result.rss - rss) / 1e3 / open };
}

async function throughChange({ port, upstreams, folder, warmUp }: Subject): Promise<Sample> {
  await runWrk({ port, path: "/small/", connections: 64, seconds: warmUp });
  const running = rated({ port, rate: VIEW_RATE, seconds: 4 * VIEW_STEP_MS / 1000, folder });
  await wait(VIEW_STEP_MS);
  await upstreams[1]?.stop();
  await wait(VIEW_STEP_MS);
  await upstreams[1]?.start();
  return await running;
}

/** The data plane alone, which is told of changes: what engines do with processes has no part. */
function viewChanges({ port, upstreams }: Setup): Command {
  const flags = ["--quiet", "--no-prompt", "--allow-net=127.0.0.1", "--allow-read=."];
  const script = new URL("servers/view_changes.ts", import.meta.url).pathname;
  return { args: [Deno.execPath(), "run", ...flags, script, ...[port, ...upstreams].map(String)] };
}

async function besideChanges({ port, folder, seconds, warmUp, log }: Subject): Promise<Sample> {
  await runWrk({ port, path: "/small/", connections: 64, seconds: warmUp });
  const load = { port, rate: WINDOWS_RATE, seconds: WINDOWS_FACTOR * seconds, folder };
  const requests = await ratedRequests(load);
  return compareWindows(parseMarks(await Deno.readTextFile(log)), requests);
}

async function rated(load: Parameters<typeof runRated>[0]): Promise<Sample> {
  const { rate, p50, p99, slowest, failed } = await runRated(load);
  return { rate, p50Ms: p50, p99Ms: p99, maxMs: slowest, failed };
}

/** A turn without a response says nothing about the proxy's speed. */
function requireAnswers(requests: number): void {
  if (requests === 0) throw new ToolError("answered no request in a whole turn");
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
