/**
 * One number of upstreams, measured.
 *
 * @module
 */
import { pass } from "../harness/clock.ts";
import { freePort, startProgram } from "../harness/program.ts";
import { usageAtRest } from "../harness/usage.ts";
import { runWrk } from "../harness/wrk.ts";
import { ManyBalancer } from "./balancer.ts";

/** The parameters of a case. */
export interface ManyCase {
  readonly upstreams: number;
  readonly slots: number;
}

/** The results of a case. */
export interface ManyFigures extends ManyCase {
  /** Milliseconds from the start to the last upstream's readiness. */
  readonly readyAfterMs: number;
  /** Part of a core that the balancer takes at rest, of all its threads. */
  readonly cpuAtRest: number;
  /** Bytes that are resident at rest. */
  readonly rss: number;
  readonly requestsPerSecond: number;
  /** The longest block of the main thread for each kind of work, in milliseconds. */
  readonly blocks: Readonly<Record<string, number>>;
}

/** How long to measure. */
interface ManyPatience {
  /** Seconds of each window at rest and of the load. */
  readonly seconds: number;
  /** How often each call is made. */
  readonly calls: number;
  readonly folder: string;
  /** Aborted when the run is to end early. */
  readonly signal: AbortSignal;
}

const SERVER = new URL("servers/upstreams.ts", import.meta.url).pathname;

/** After all are ready: the first heartbeats are over, and the start's garbage is collected. */
const SETTLE_MS = 6000;

/** Measures one case. */
export async function measure(one: ManyCase, patience: ManyPatience): Promise<ManyFigures> {
  const upstreamPort = freePort();
  const { folder } = patience;
  await using _servers = startProgram({
    args: [Deno.execPath(), "run", "--quiet", "--allow-net", SERVER]
      .concat([String(upstreamPort), String(one.upstreams)]),
  }, `${folder}/upstreams.log`);
  await using balancer = new ManyBalancer({ ...one, upstreamPort, folder });
  const startedAt = performance.now();
  await balancer.start();
  await balancer.untilWhole(patience.signal);
  const readyAfterMs = performance.now() - startedAt;
  await pass(SETTLE_MS, patience.signal);
  const { cpu: cpuAtRest, rss } = await usageAtRest(balancer.pid, patience.seconds);
  const blocks = await blocksOf(balancer, one, patience);
  const load = { port: balancer.port, path: "/", connections: 64, seconds: patience.seconds };
  const { requests, seconds } = await runWrk(load);
  return { ...one, readyAfterMs, cpuAtRest, rss, requestsPerSecond: requests / seconds, blocks };
}

async function blocksOf(
  balancer: ManyBalancer,
  { slots, upstreams }: ManyCase,
  { calls, seconds, signal }: ManyPatience,
): Promise<Record<string, number>> {
  const repeated = (call: () => Promise<unknown>) =>
    balancer.longestBlock(async () => {
      for (let at = 0; at < calls; at++) await call();
    });
  const get = (path: string) => balancer.request("GET", path);
  const plan = (change: unknown) => balancer.request("POST", "/_lb/plan", change);
  return {
    "heartbeats": await balancer.longestBlock(() => pass(seconds * 1000, signal)),
    "status": await repeated(() => get("/_lb/status")),
    "healthz": await repeated(() => get("/_lb/healthz")),
    "readyz": await repeated(() => get("/_lb/readyz")),
    "metrics": await repeated(() => get("/_lb/metrics")),
    "page: status stream": await repeated(() => firstStatus(balancer)),
    "page: load": await repeated(() => get("/_lb/load")),
    "page: ring": await repeated(() => get("/_lb/ring")),
    "page: incidents": await repeated(() => get("/_lb/incidents")),
    "page: history": await repeated(() => get("/_lb/history")),
    "explain": await repeated(() => get("/_lb/explain?key=alice")),
    "plan of another layout": await repeated(() => plan({ layout: "rendezvous" })),
    "plan of fewer slots": await repeated(() =>
      plan({ slots: Math.max(upstreams, Math.floor(slots / 2)) })
    ),
  };
}

/** Follows the status until its first message, which has all replicas. */
async function firstStatus(balancer: ManyBalancer): Promise<void> {
  const ending = new AbortController();
  const stream = await balancer.events(ending.signal, "?status=true");
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    if (text.endsWith("\n\n")) break;
  }
  ending.abort();
}
