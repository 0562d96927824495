/**
 * The scenarios over TLS. Each protocol is as a client and a proxy agree on it by default: TLS 1.3
 * with a certificate of an EC key.
 *
 * @module
 */
import { atRest, byHttp2, underLoad } from "./measures.ts";
import * as metrics from "./metrics.ts";
import type { Metric } from "../harness/result.ts";
import type { Scenario } from "./scenario.ts";
import type { Path } from "./upstreams.ts";
import type { Load } from "../harness/wrk.ts";

const { CPU, RATE, P50, P99, PEAK, BUSY, OTHERS, FAILED, BYTES, RSS, IDLE, OPEN } = metrics;

/** The name that chooses them. */
const GROUP = "tls";

/** All speak TLS and HTTP/2 without packages that they do not have by themselves. */
const NAMES = ["ringkeeper", "nginx", "haproxy", "caddy"];

/** Scenarios over TLS. */
export const TLS_SCENARIOS: readonly Scenario[] = [
  loaded("tls", "64 connections over TLS, 56-byte bodies", CPU, {
    path: "/small/",
    connections: 64,
  }),
  loaded("tls new", "a new TLS connection for each request, 16 at a time", CPU, {
    path: "/small/",
    connections: 16,
    fields: ["Connection: close"],
  }),
  loaded("tls 1 MiB", "16 connections over TLS, 1 MiB bodies", BYTES, {
    path: "/1m/",
    connections: 16,
  }),
  {
    ...common("tls h2", "HTTP/2 over TLS, 16 connections of 10 streams, 56-byte bodies"),
    metrics: [CPU, RATE, PEAK, BUSY, OTHERS, FAILED],
    measure: (subject) => byHttp2(subject, { port: subject.tlsPort, tls: true }),
  },
  {
    ...common("tls idle", "idle TLS connections, each after one request"),
    metrics: [OPEN, RSS, IDLE],
    measure: (subject) => atRest(subject, true, true),
  },
];

function common(name: string, title: string) {
  return { name, group: GROUP, title, tls: true, names: NAMES };
}

function loaded(
  name: string,
  title: string,
  main: Metric,
  load: Omit<Load, "port" | "seconds"> & { path: Path },
): Scenario {
  return {
    ...common(name, title),
    metrics: [main, RATE, P50, P99, PEAK, BUSY, OTHERS, FAILED],
    measure: (subject) => underLoad(subject, { ...load, tls: true }),
  };
}
