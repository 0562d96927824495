/**
 * The scenarios that every proxy runs.
 *
 * @module
 */
import { ToolError } from "../../tools/tool.ts";
import { BROWSER_FIELDS } from "./browser_fields.ts";
import { runHttp2 } from "./h2load.ts";
import { whileIdle } from "./idle.ts";
import * as metrics from "./metrics.ts";
import type { Sample } from "./metrics.ts";
import { rated, type Scenario, SHARE, type Subject, wait } from "./scenario.ts";
import { BODY_BYTES, type Path } from "./upstreams.ts";
import { cpuBetween, readUsage } from "./usage.ts";
import { VIEW_SCENARIOS } from "./view_scenarios.ts";
import { type Load, runWrk } from "./wrk.ts";

const { CPU, RATE, P50, P99, SLOWEST, PEAK, BUSY, OTHERS, FAILED, BYTES, LOAD, RSS, IDLE, OPEN } =
  metrics;

/** Milliseconds after which memory is taken for settled. */
const SETTLE_MS = 1500;

/** All scenarios, in the order in which they run. */
export const SCENARIOS: readonly Scenario[] = [
  full("small", "64 connections, 56-byte bodies", "/small/", 64),
  full("many", "256 connections, 56-byte bodies", "/small/", 256),
  full("crowd", "512 connections, 56-byte bodies", "/small/", 512),
  full("heads", "the same with a browser's header fields", "/small/", 64, BROWSER_FIELDS),
  {
    name: "h2",
    group: "h2",
    title: "HTTP/2 without TLS, 16 connections of 10 streams, 56-byte bodies",
    metrics: [CPU, RATE, PEAK, BUSY, OTHERS, FAILED],
    names: ["ringkeeper", "nginx"],
    http2: true,
    measure: byHttp2,
  },
  bulk("large 64 KiB", "16 connections, 64 KiB bodies", "/64k/"),
  bulk("large 1 MiB", "16 connections, 1 MiB bodies", "/1m/"),
  {
    name: "latency",
    group: "latency",
    title: "64 connections at 70 % of what each carries, 56-byte bodies",
    metrics: [LOAD, RATE, P50, P99, SLOWEST, FAILED],
    measure: atShare,
  },
  tail(64),
  tail(256),
  tail(512),
  silent("idle", "idle connections, each after one request", true),
  silent("silent", "idle connections that never sent anything", false),
  ...VIEW_SCENARIOS,
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

async function byHttp2({ pid, http2Port: port, warmUp, seconds }: Subject): Promise<Sample> {
  const load = { port, connections: 16, streams: 10 };
  await runHttp2({ ...load, seconds: warmUp });
  const before = await readUsage(pid);
  const { requests, failed } = await runHttp2({ ...load, seconds });
  const after = await readUsage(pid);
  requireAnswers(requests);
  const cpuNs = cpuBetween(before, after);
  return {
    cpuUs: cpuNs / 1e3 / requests,
    rate: requests / seconds,
    peakMb: after.peakRss / 1e6,
    busy: cpuNs / 1e7 / seconds,
    others: Math.max(0, ((after.core - before.core) - cpuNs) / 1e7 / seconds),
    failed,
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

/**
 * A tail is made of rare events: code that is compiled late, connections to replicas that are opened
 * late. They are part of a start, not of the state that is compared.
 */
const LONG_WARM_UP = 5;

/** All get the same rate, so that latencies compare: of queues that are as full as each other. */
function tail(connections: number): Scenario {
  return {
    name: `tail ${connections}`,
    group: "tail",
    title: `${connections} connections, all at 70 % of what the slowest carries`,
    metrics: [LOAD, RATE, P50, P99, SLOWEST, CPU, FAILED],
    names: ["ringkeeper", "nginx", "haproxy"],
    most: (subject) => most(subject, connections),
    measure: (subject) => atRate(subject, connections),
  };
}

/** @returns requests a second */
async function most({ port, warmUp, seconds }: Subject, connections: number): Promise<number> {
  const load = { port, path: "/small/", connections };
  await runWrk({ ...load, seconds: warmUp });
  const { requests, seconds: taken } = await runWrk({ ...load, seconds });
  requireAnswers(requests);
  return requests / taken;
}

async function atRate(subject: Subject, connections: number): Promise<Sample> {
  const { pid, port, rate, warmUp, seconds, folder } = subject;
  await runWrk({ port, path: "/small/", connections, seconds: LONG_WARM_UP * warmUp });
  const before = await readUsage(pid);
  const sample = await rated({ port, rate, seconds, connections, folder });
  const cpuNs = cpuBetween(before, await readUsage(pid));
  return { load: rate, ...sample, cpuUs: cpuNs / 1e3 / (rate * seconds) };
}

function silent(name: string, title: string, ask: boolean): Scenario {
  return {
    name,
    group: "idle",
    title,
    metrics: [OPEN, RSS, IDLE],
    // The relay would need a connection to an upstream for each.
    kinds: ["own", "peer"],
    measure: (subject) => atRest(subject, ask),
  };
}

async function atRest({ pid, port, idle, warmUp }: Subject, ask: boolean): Promise<Sample> {
  await runWrk({ port, path: "/small/", connections: 64, seconds: warmUp });
  await wait(SETTLE_MS);
  const { rss } = await readUsage(pid);
  const { result, open } = await whileIdle({ port, count: idle, ask }, async () => {
    await wait(SETTLE_MS);
    return await readUsage(pid);
  });
  return { open, rssMb: rss / 1e6, idleKb: (result.rss - rss) / 1e3 / open };
}

/** A turn without a response says nothing about the proxy's speed. */
function requireAnswers(requests: number): void {
  if (requests === 0) throw new ToolError("answered no request in a whole turn");
}
