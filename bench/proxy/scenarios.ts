/**
 * The scenarios that every proxy runs.
 *
 * @module
 */
import { BROWSER_FIELDS } from "./browser_fields.ts";
import { atRate, atRest, atShare, byHttp2, most, underLoad } from "./measures.ts";
import * as metrics from "./metrics.ts";
import type { Scenario, Subject } from "./scenario.ts";
import { TLS_SCENARIOS } from "./tls_scenarios.ts";
import type { Path } from "./upstreams.ts";
import { VIEW_SCENARIOS } from "./view_scenarios.ts";

const {
  CPU,
  RATE,
  P50,
  P99,
  SLOWEST,
  PEAK,
  BUSY,
  OTHERS,
  FAILED,
  BYTES,
  LOAD,
  RSS,
  IDLE,
  OPEN,
  LAG,
} = metrics;

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
    measure: (subject) => byHttp2(subject, { port: subject.http2Port }),
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
  ...TLS_SCENARIOS,
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

/**
 * All get the same rate, so that latencies compare: of queues that are as full as each other.
 * Requests come at independent moments, whether or not earlier ones were answered.
 */
function tail(connections: number): Scenario {
  return {
    name: `tail ${connections}`,
    group: "tail",
    title: `${connections} connections, all at 70 % of what the slowest carries, open loop`,
    metrics: [LOAD, RATE, P50, { ...P99, spread: true }, SLOWEST, CPU, LAG, FAILED],
    names: ["ringkeeper", "nginx", "haproxy"],
    fixedRate: { most: (subject) => most(subject, connections), leastRounds: 5 },
    measure: (subject) => atRate(subject, connections),
  };
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
