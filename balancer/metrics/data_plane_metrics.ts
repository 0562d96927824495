/**
 * The data plane's counters as metrics.
 *
 * @module
 */
import type {
  DataPlaneCounts,
  ReplicaCounts,
  RequestCount,
  Timings,
  WorkerCounts,
} from "../proxy/stats/counter_snapshot.ts";
import {
  counter,
  gauge,
  histogram,
  type MetricFamily,
  type Range,
  type Series,
  type TimedSeries,
} from "./metric_family.ts";

type Replicas = DataPlaneCounts["replicas"];

/** From a tenth of a millisecond to fifty seconds. */
const REQUEST_RANGE: Range = { from: 0.0001, to: 50 };

/** The balancer's own latency is far smaller. */
const OVERHEAD_RANGE: Range = { from: 0.00001, to: 1 };

const HOLD_RANGE: Range = { from: 0.001, to: 50 };

/**
 * Builds the metrics of the data plane.
 *
 * @param counts the data plane's counters
 */
export function dataPlaneMetrics(counts: DataPlaneCounts): readonly MetricFamily[] {
  return [
    ...requestMetrics(counts),
    ...connectionMetrics(counts),
    ...failureMetrics(counts),
  ];
}

function requestMetrics({ workers, replicas }: DataPlaneCounts): MetricFamily[] {
  return [
    counter(
      "requests_total",
      "Requests by replica (empty: the balancer answered), method and status class; " +
        "broken: the response broke off, left: the client closed its connection early.",
      requestSeries(workers, replicas),
    ),
    histogram(
      "request_duration_seconds",
      "Time from the head of a request to the end of its response, without tunnels and event streams.",
      REQUEST_RANGE,
      timings(replicas, ({ duration }) => duration),
    ),
    histogram(
      "upstream_first_byte_seconds",
      "Time from sending a request, connecting included, to the first byte of the response.",
      REQUEST_RANGE,
      timings(replicas, ({ firstByte }) => firstByte),
    ),
    histogram(
      "overhead_seconds",
      "Time that the balancer itself adds to a request that its first replica answers.",
      OVERHEAD_RANGE,
      [[{}, workers.overhead]],
    ),
    counter("control_requests_total", "Calls of the control API.", workers.controlCalls),
    counter(
      "refused_requests_total",
      "Requests that no replica answered, by reason; fault: the request was malformed.",
      labelled("reason", workers.refusals),
    ),
  ];
}

function connectionMetrics({ workers, replicas }: DataPlaneCounts): MetricFamily[] {
  return [
    gauge("client_connections", "Open client connections.", workers.connections),
    counter("client_connections_accepted_total", "Accepted client connections.", workers.accepted),
    counter(
      "client_connections_refused_total",
      "Client connections that a limit refused.",
      workers.turnedAway,
    ),
    counter(
      "tls_handshakes_total",
      "TLS handshakes of clients by their end: full, resumed, or why they failed.",
      Object.entries(workers.handshakes).map(([end, n]): Series => [{ end }, n]),
    ),
    ...securedMetrics(workers),
    ...http2Metrics(workers),
    counter("client_received_bytes_total", "Bytes received from clients.", workers.receivedBytes),
    counter("client_sent_bytes_total", "Bytes sent to clients.", workers.sentBytes),
    counter(
      "upstream_connects_total",
      "Connections opened to replicas.",
      perReplica(replicas, ({ connects }) => connects),
    ),
    counter(
      "upstream_tls_handshakes_total",
      "TLS handshakes with replicas by their end: tls13, tls12, or why they failed.",
      Object.entries(workers.upstreamHandshakes).map(([end, n]): Series => [{ end }, n]),
    ),
    counter(
      "upstream_reuses_total",
      "Requests sent on an idle connection.",
      perReplica(replicas, ({ reuses }) => reuses),
    ),
    counter(
      "upstream_failures_total",
      "Failed attempts, by replica and kind; stale: the replica had closed the idle connection, " +
        "broken: the response broke off.",
      failureSeries(replicas),
    ),
  ];
}

function securedMetrics({ secured, serverNames }: WorkerCounts): MetricFamily[] {
  return [
    counter(
      "tls_connections_total",
      "Connections of clients with TLS, by its version and the application protocol.",
      secured.map(({ version, protocol, count }): Series => [{ version, protocol }, count]),
    ),
    counter(
      "tls_server_names_total",
      "The same by their server name: known, none, or unknown: the default certificate was " +
        "presented.",
      labelled("name", serverNames),
    ),
  ];
}

function http2Metrics({ http2 }: WorkerCounts): MetricFamily[] {
  return [
    counter("http2_connections_total", "Clients that speak HTTP/2.", http2.connections),
    counter("http2_streams_total", "Requests by HTTP/2.", http2.streams),
    counter(
      "http2_stream_errors_total",
      "Streams that were reset: their request was malformed, or one too many.",
      http2.streamErrors,
    ),
    counter(
      "http2_connection_errors_total",
      "Connections that were ended for an error of their client: GOAWAY with an error code.",
      http2.connectionErrors,
    ),
  ];
}

function failureMetrics({ workers, replicas }: DataPlaneCounts): MetricFamily[] {
  const cost = (kind: string) => perReplica(replicas, ({ costs }) => costs[kind] ?? 0);
  return [
    ...holdMetrics(workers),
    counter("held_requests_total", "Requests that waited for their replica.", cost("held")),
    counter("retried_requests_total", "Requests that were sent again.", cost("retried")),
    counter(
      "spilled_requests_total",
      "Requests that another replica answered instead of their owner.",
      cost("spilled"),
    ),
    counter("lost_requests_total", "Requests for which no replica was found.", cost("lost")),
    counter(
      "overflowed_requests_total",
      "Requests that exceeded the load bound of their replica.",
      perReplica(replicas, ({ overflowed }) => overflowed),
    ),
  ];
}

function holdMetrics(workers: WorkerCounts): MetricFamily[] {
  return [
    gauge("waiting_requests", "Requests that wait for a replica.", workers.holding),
    histogram("hold_seconds", "Time that requests waited for a replica.", HOLD_RANGE, [
      [{}, workers.hold],
    ]),
    counter(
      "retries_denied_total",
      "Retries that the retry budget refused.",
      workers.deniedRetries,
    ),
    gauge("retry_budget", "Retries that the retry budget allows now.", workers.retryBudget),
  ];
}

/** The series of all replicas are made while they are read: see {@linkcode MetricFamily.values}. */
function* requestSeries(workers: WorkerCounts, replicas: Replicas): Generator<Series> {
  for (const count of workers.requests) yield requestsOf("", count);
  for (const [name, { requests }] of replicas) {
    for (const count of requests) yield requestsOf(name, count);
  }
}

function requestsOf(replica: string, { method, outcome, count }: RequestCount): Series {
  return [{ replica, method, status: outcome }, count];
}

function* failureSeries(replicas: Replicas): Generator<Series> {
  for (const [replica, { failures }] of replicas) yield* labelled("kind", failures, { replica });
}

function* timings(
  replicas: Replicas,
  read: (counts: ReplicaCounts) => Timings,
): Generator<TimedSeries> {
  for (const [replica, counts] of replicas) yield [{ replica }, read(counts)];
}

function* perReplica(
  replicas: Replicas,
  read: (counts: ReplicaCounts) => number,
): Generator<Series> {
  for (const [replica, counts] of replicas) yield [{ replica }, read(counts)];
}

function labelled(
  label: string,
  counts: Readonly<Record<string, number>>,
  labels: Readonly<Record<string, string>> = {},
): Series[] {
  return Object.entries(counts).map(([of, count]) => [{ ...labels, [label]: of }, count] as const);
}
