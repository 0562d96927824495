/**
 * The measurements that scenarios make of a running proxy.
 *
 * @module
 */
import { ToolError } from "../../tools/tool.ts";
import { runHttp2 } from "./h2load.ts";
import { whileIdle } from "./idle.ts";
import type { Sample } from "./metrics.ts";
import { CERTIFICATE } from "./peer_configs.ts";
import { runOpenLoop } from "./open_loop.ts";
import { rated, SHARE, type Subject, wait } from "./scenario.ts";
import { BODY_BYTES, type Path } from "./upstreams.ts";
import { cpuBetween, readUsage } from "../harness/usage.ts";
import { type Load, runWrk } from "../harness/wrk.ts";

/** Milliseconds after which memory is taken for settled. */
const SETTLE_MS = 1500;

/**
 * A tail is made of rare events: code that is compiled late, connections to replicas that are opened
 * late. They are part of a start, not of the state that is compared.
 */
const LONG_WARM_UP = 3;

/** As many requests as the proxy answers. */
export async function underLoad(
  { pid, port: plainPort, tlsPort, warmUp, seconds }: Subject,
  load: Omit<Load, "port" | "seconds"> & { path: Path },
): Promise<Sample> {
  const port = load.tls ? tlsPort : plainPort;
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

/** As many requests by HTTP/2 as the proxy answers. */
export async function byHttp2(
  { pid, warmUp, seconds }: Subject,
  place: { readonly port: number; readonly tls?: boolean },
): Promise<Sample> {
  const load = { ...place, connections: 16, streams: 10 };
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

/** Latency of 64 connections at {@linkcode SHARE} of what the proxy itself carries. */
export async function atShare({ port, warmUp, seconds, folder }: Subject): Promise<Sample> {
  const load = { port, path: "/small/", connections: 64 };
  await runWrk({ ...load, seconds: warmUp });
  const most = await runWrk({ ...load, seconds: warmUp });
  requireAnswers(most.requests);
  const rate = SHARE * most.requests / most.seconds;
  return { load: rate, ...await rated({ port, rate, seconds, folder }) };
}

/** @returns requests a second that the proxy carries at most, after a long warm-up */
export async function most(
  { port, warmUp, seconds }: Subject,
  connections: number,
): Promise<number> {
  const load = { port, path: "/small/", connections };
  await runWrk({ ...load, seconds: LONG_WARM_UP * warmUp });
  const { requests, seconds: taken } = await runWrk({ ...load, seconds });
  requireAnswers(requests);
  return requests / taken;
}

/** Latency and CPU at the rate that all proxies get; the same moments for all in one round. */
export async function atRate(subject: Subject, connections: number): Promise<Sample> {
  const { pid, port, rate, round, seconds } = subject;
  const before = await readUsage(pid);
  const result = await runOpenLoop({ port, rate, seconds, connections, seed: round });
  const cpuNs = cpuBetween(before, await readUsage(pid));
  return {
    load: result.offered,
    rate: result.carried,
    p50Ms: result.p50,
    p99Ms: result.p99,
    maxMs: result.slowest,
    cpuUs: cpuNs / 1e3 / (rate * seconds),
    lagMs: result.lag,
    failed: result.failed,
  };
}

/**
 * The memory of idle clients.
 *
 * @param subject the proxy
 * @param ask whether each does a request before it is idle
 * @param tls whether they speak TLS
 */
export async function atRest(
  { pid, port: plainPort, tlsPort, idle, warmUp, folder }: Subject,
  ask: boolean,
  tls = false,
): Promise<Sample> {
  const port = tls ? tlsPort : plainPort;
  await runWrk({ port, tls, path: "/small/", connections: 64, seconds: warmUp });
  await wait(SETTLE_MS);
  const { rss } = await readUsage(pid);
  const authority = tls ? `${folder}/${CERTIFICATE}.pem` : "";
  const { result, open } = await whileIdle({ port, count: idle, ask, authority }, async () => {
    await wait(SETTLE_MS);
    return await readUsage(pid);
  });
  return { open, rssMb: rss / 1e6, idleKb: (result.rss - rss) / 1e3 / open };
}

/** A turn without a response says nothing about the proxy's speed. */
function requireAnswers(requests: number): void {
  if (requests === 0) throw new ToolError("answered no request in a whole turn");
}
