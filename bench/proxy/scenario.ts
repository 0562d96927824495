/**
 * The interface of a scenario, and its measurements.
 *
 * @module
 */
import { type RatedLoad, runRated } from "./h2load.ts";
import type { Metric } from "../harness/result.ts";
import type { Sample } from "./metrics.ts";
import type { Setup } from "./peer_configs.ts";
import type { Command } from "../harness/program.ts";
import type { Kind } from "./proxy.ts";
import type { Upstream } from "./upstreams.ts";

/** The load of a latency measurement, as a share of the maximum throughput. */
export const SHARE = 0.7;

/** A proxy that runs, and how long to measure it. */
export interface Subject {
  readonly pid: number;
  readonly port: number;
  /** Where it serves HTTP/2 without TLS; 0 where the scenario needs none. */
  readonly http2Port: number;
  /** Where it speaks TLS; 0 where the scenario needs none. */
  readonly tlsPort: number;
  readonly upstreams: readonly Upstream[];
  readonly folder: string;
  /** File with its output. */
  readonly log: string;
  readonly seconds: number;
  readonly warmUp: number;
  readonly idle: number;
  /** Requests a second, the same for all proxies: 0 where the scenario has no such rate. */
  readonly rate: number;
  /** The number of the round, from 1. */
  readonly round: number;
}

/** A rate that is the same for all proxies. */
export interface FixedRate {
  /**
   * Requests a second that a proxy carries at most. All are measured before the rounds, and get
   * {@linkcode SHARE} of the slowest one's throughput.
   */
  readonly most: (subject: Subject) => Promise<number>;
  /** Rounds without `--quick`. */
  readonly leastRounds: number;
}

/** One table of the result. */
export interface Scenario {
  readonly name: string;
  /** The option's name that chooses it. */
  readonly group: string;
  readonly title: string;
  readonly metrics: readonly Metric[];
  /** Whether it needs HTTP/2 without TLS. */
  readonly http2?: boolean;
  /** Whether it needs TLS. */
  readonly tls?: boolean;
  /** Which kinds of proxies take part; all where it is not said. */
  readonly kinds?: readonly Kind[];
  /** Names of the proxies that take part; all where it is not said. */
  readonly names?: readonly string[];
  readonly fixedRate?: FixedRate;
  /** The command that replaces the proxy's own. */
  readonly command?: (setup: Setup) => Command;
  readonly measure: (subject: Subject) => Promise<Sample>;
}

/** The values of a load at a fixed rate. */
export async function rated(load: RatedLoad): Promise<Sample> {
  const { rate, p50, p99, slowest, failed } = await runRated(load);
  return { rate, p50Ms: p50, p99Ms: p99, maxMs: slowest, failed };
}

/** Waits the given number of milliseconds. */
export function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
