/**
 * Settings that a worker of the data plane receives when it starts: plain data, so that they can be
 * sent.
 *
 * @module
 */
import type { Config } from "../config.ts";
import type { AccessLogging } from "../log/log_controls.ts";
import type { AccessStyle } from "../log/style.ts";
import {
  type HoldRules,
  type RequestRules,
  type RouteSettings,
  routesOf,
  rulesOf,
} from "./rules.ts";
import type { Address } from "../view.ts";

/**
 * The part of the API that the public port serves: everything, the textbook's calls, or nothing.
 */
export type PublicApi = "all" | "basic" | "none";

/** Bounds on reading a client's bytes after its response. */
export interface LingerSettings {
  /** Longest silence, in milliseconds. */
  readonly readMs: number;
  /** Longest total time, in milliseconds. */
  readonly totalMs: number;
  /** Most bytes. */
  readonly bytes: number;
}

/** nginx's times, and a number of bytes that costs less than a second of CPU. */
export const LINGER: LingerSettings = { readMs: 5000, totalMs: 30_000, bytes: 2 ** 30 };

/** Limits of client requests; a limit may allow 0 for none. */
export interface RequestLimits {
  /** Longest request line in bytes; 414 above. */
  readonly lineBytes: number;
  /** Longest head in bytes; 431 above. */
  readonly headBytes: number;
  /** Most header fields; 431 above. */
  readonly fields: number;
  /** Longest body in bytes, 0: no limit; 413 above. */
  readonly bodyBytes: number;
  /** Most connections in total; 503 above. */
  readonly connections: number;
  /**
   * Most connections from one address, 0: no limit, `auto`: a part of the file descriptors; 503
   * above.
   */
  readonly connectionsPerAddress: number | "auto";
  /** Most concurrent control API calls of one worker; 503 above. */
  readonly calls: number;
}

/** Timeouts, in milliseconds. */
export interface Timeouts {
  /** For a client to send a whole head; 408. */
  readonly head: number;
  /** For a client to begin its next request. */
  readonly keepAlive: number;
  /** For a client to go on with a request's body, and for the replica to take it; 408, 504. */
  readonly body: number;
  /** For a replica to go on with a response's body, and for the client to take it. */
  readonly responseBody: number;
  /** For a replica to accept a connection; then it is suspected, and the request sent again. */
  readonly connect: number;
  /** For a replica to begin its response; 504. */
  readonly response: number;
  /** For an idle connection to a replica to be kept. */
  readonly upstreamIdle: number;
  /** For either side of a tunnel to send something, or a response without an end to go on. */
  readonly streamIdle: number;
}

/** Twice the default number of event streams. */
const LEAST_CALLS = 64;

/** How requests wait, with the bounds of all that wait in one worker. */
export interface HoldSettings extends HoldRules {
  /** Most requests that wait in one worker; 503 above. */
  readonly requests: number;
  /** Most bytes that they keep in one worker's buffers; 503 above. */
  readonly bytes: number;
}

/** HTTP/2 with clients. */
export interface Http2Settings {
  /** Whether the public port serves clients with prior knowledge, too. */
  readonly cleartext: boolean;
  /** Most streams at once on one connection. */
  readonly streams: number;
  /** Bytes of a request's body that a client may send ahead, for each stream. */
  readonly streamWindow: number;
  /** The same for all streams of a connection together. */
  readonly connectionWindow: number;
}

/** The affinity cookie, which clients get where requests are routed by it. */
export interface AffinitySettings {
  /** Name of the cookie. */
  readonly cookie: string;
  /** Seconds that a browser keeps it; 0: until it is closed. */
  readonly ttlS: number;
}

/** A page for errors of the balancer. */
export interface ErrorPage {
  /** `503`, `5xx`, `4xx`, or `maintenance`. */
  readonly name: string;
  /** The text; `{{request_id}}` and `{{message}}` are replaced. */
  readonly html: string;
}

/** How requests are traced, if OpenTelemetry is on. */
export interface TraceSettings {
  /**
   * Whether a trace that the client did not sample stays unsampled. A configured sampler overrides
   * this.
   */
  readonly heedsClient: boolean;
}

/** Responses to HTTP-01 challenges of certificate authorities, by token. */
export type ChallengeAnswers = ReadonlyMap<string, string>;

/** The port that speaks TLS. */
export interface TlsSettings {
  readonly listen: Address;
  /** Whether clients without the name of a certificate are refused. */
  readonly strictSni: boolean;
  /** Most handshakes under way in one worker. */
  readonly handshakes: number;
  /** Whether clients without a certificate are refused, where authorities for them are named. */
  readonly clientsRequired?: boolean;
  /** Value of Strict-Transport-Security; empty for no such field. */
  readonly hsts: string;
  /** Port to which requests without TLS are redirected; undefined if they are served. */
  readonly redirectPort: number | undefined;
}

/** The settings of a worker. */
export interface ProxySettings {
  readonly listen: Address;
  /** The port that speaks TLS, if there is one. */
  readonly tls?: TlsSettings;
  /** The part of the control API that the public port serves. */
  readonly publicApi: PublicApi;
  /** The rules of requests that no route names. */
  readonly rules: RequestRules;
  /** The routes, the first that matches counts. */
  readonly routes: readonly RouteSettings[];
  readonly affinity: AffinitySettings;
  readonly limits: RequestLimits;
  readonly timeouts: Timeouts;
  readonly http2: Http2Settings;
  /** Bounds on reading an answered client's bytes. */
  readonly linger: LingerSettings;
  readonly hold: HoldSettings;
  /** How far a replica's requests in flight may rise above its share; 0: no bound. */
  readonly loadBound: number;
  /** Whether responses carry the ring fields, which name the replica. */
  readonly ringFields: boolean;
  /** Time without a response's first byte that is evidence `slow`, in milliseconds; 0: never. */
  readonly suspectMs: number;
  /** Whether outlier detection is on. */
  readonly outliers: boolean;
  /** Whether messages get a `Via` field. */
  readonly via: boolean;
  /** Whether fields with an underscore in their names are forwarded. */
  readonly underscores: boolean;
  /** Whether TRACE is forwarded. */
  readonly trace: boolean;
  /** Networks in CIDR notation whose X-Forwarded fields are believed. */
  readonly trusted: readonly string[];
  /** Whether trusted proxies' connections begin with a PROXY protocol head. */
  readonly proxyProtocol: boolean;
  /** Initial sampling of the access log. */
  readonly accessLogging: AccessLogging;
  /** Style of the access log's lines. */
  readonly logStyle: AccessStyle;
  /** Number of workers. */
  readonly workers: number;
  /** Pages for errors of the balancer. */
  readonly errorPages?: readonly ErrorPage[];
  /** Set if requests are traced. */
  readonly traces?: TraceSettings;
  /** Tokens of the control API, which are not forwarded to replicas. */
  readonly tokens?: readonly ApiToken[];
}

/** A token of the control API: at most one of the two is set. */
export interface ApiToken {
  readonly text: string;
  /** A file that may be replaced at any time. */
  readonly file: string;
}

/**
 * Returns the data plane's settings of a configuration.
 *
 * @param config the configuration
 * @param listen the address on which clients connect
 * @param replaces whether the engine replaces instances that fail
 * @param logStyle style of the access log's lines
 */
export function proxySettings(
  config: Config,
  listen: Address,
  replaces = true,
  logStyle: AccessStyle = "json",
): ProxySettings {
  const workers = workerCount(config);
  return {
    listen: { hostname: listen.hostname, port: listen.port },
    publicApi: publicApi(config),
    rules: rulesOf(config, replaces),
    routes: routesOf(config, replaces),
    affinity: { cookie: config.ring.affinityCookie, ttlS: config.ring.affinityTtlS },
    limits: {
      lineBytes: config.limits.lineBytes,
      headBytes: config.limits.headBytes,
      fields: config.limits.fields,
      bodyBytes: config.limits.bodyBytes,
      connections: config.limits.connections,
      connectionsPerAddress: config.limits.connectionsPerClient,
      calls: callsOf(config.limits.apiConnections, workers),
    },
    timeouts: {
      head: config.listen.headMs,
      keepAlive: config.listen.keepAliveMs,
      body: config.timeouts.bodyMs,
      connect: config.timeouts.connectMs,
      response: config.timeouts.responseMs,
      upstreamIdle: config.timeouts.upstreamIdleMs,
      responseBody: config.timeouts.responseBodyMs,
      streamIdle: config.timeouts.streamIdleMs,
    },
    http2: { ...config.http2, cleartext: config.http2.cleartext === "on" },
    linger: LINGER,
    hold: {
      ...rulesOf(config, replaces).hold,
      requests: Math.max(Math.floor(config.hold.requests / workers), 1),
      bytes: Math.floor(config.hold.bytes / workers),
    },
    loadBound: config.ring.loadBound,
    ringFields: config.ring.fields,
    suspectMs: config.health.suspectMs,
    outliers: config.health.outliers,
    via: config.http.via,
    underscores: config.http.underscores === "keep",
    trace: config.http.trace,
    trusted: config.listen.trustedProxies,
    proxyProtocol: config.listen.proxyProtocol === "on",
    accessLogging: config.log.access,
    logStyle,
    workers,
  };
}

/**
 * Returns the settings of the port that speaks TLS.
 *
 * @param config the configuration
 * @param listen the address on which clients connect
 */
export function tlsSettings({ tls }: Pick<Config, "tls">, listen: Address): TlsSettings {
  const { strictSni, handshakes, hsts, redirect, clientAuth } = tls;
  const redirectPort = redirect === true ? listen.port : redirect || undefined;
  const { hostname, port } = listen;
  const clientsRequired = clientAuth === "require";
  return { listen: { hostname, port }, strictSni, handshakes, clientsRequired, hsts, redirectPort };
}

/** A worker's share of the calls, with a minimum for event streams and other calls beside them. */
function callsOf(all: number, workers: number): number {
  return Math.max(Math.ceil(all / workers), Math.min(all, LEAST_CALLS));
}

/**
 * Returns the number of the data plane's workers.
 *
 * @param config the configuration
 */
export function workerCount({ listen: { workers } }: Pick<Config, "listen">): number {
  return workers === "auto" ? navigator.hardwareConcurrency : workers;
}

function publicApi({ admin }: Config): PublicApi {
  return admin.publicApi === "auto" ? "basic" : admin.publicApi;
}
