/**
 * What a worker of the data plane is told when it starts: plain data, so that it can be sent.
 *
 * @module
 */
import type { Config } from "../config.ts";
import type { AccessLogging } from "../log/dials.ts";
import type { AccessStyle } from "../log/style.ts";
import type { KeySource } from "../settings/values.ts";
import type { Address } from "../view.ts";

/** What of the API the public port carries: everything, the textbook's calls, or nothing. */
export type PublicApi = "all" | "basic" | "none";

/** Bounds of reading what a client sends after its response. */
export interface LingerSettings {
  /** Milliseconds without a byte after which the reading ends. */
  readonly readMs: number;
  /** Milliseconds after which it ends. */
  readonly totalMs: number;
  /** Bytes after which it ends. */
  readonly bytes: number;
}

/** The times that nginx has, and a number of bytes that costs less than a second of CPU. */
export const LINGER: LingerSettings = { readMs: 5000, totalMs: 30_000, bytes: 2 ** 30 };

/** Bounds of what clients may send; 0 is no bound where that makes sense. */
export interface RequestLimits {
  /** Longest request line in bytes; 414 above. */
  readonly lineBytes: number;
  /** Longest head in bytes; 431 above. */
  readonly headBytes: number;
  /** Most header fields; 431 above. */
  readonly fields: number;
  /** Longest body in bytes, 0 for any; 413 above. */
  readonly bodyBytes: number;
  /** Most connections in all; 503 above. */
  readonly connections: number;
  /** Most connections from one address, 0 for any, `auto` for a part of the files; 503 above. */
  readonly connectionsPerAddress: number | "auto";
  /** Most calls of the control API that one worker has under way; 503 above. */
  readonly calls: number;
}

/** Bounds of waiting, in milliseconds. */
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
  /** For which an unused connection to a replica is kept. */
  readonly upstreamIdle: number;
  /** For either side of a tunnel to send something, or a response without an end to go on. */
  readonly streamIdle: number;
}

/**
 * Word of a dead replica takes a few milliseconds, a heartbeat that is hurried a few more; where all
 * fall at once on a busy machine, several hundred.
 */
const GRACE_MS = 500;

/** Twice as many as there may be event streams by default. */
const LEAST_CALLS = 64;

/** How requests wait whose replica is being replaced. */
export interface HoldSettings {
  /** What becomes of them: they wait, go to the next ready replica, or are answered 503. */
  readonly policy: "hold" | "spill" | "fail";
  /** The longest wait of one request over all its waits, in milliseconds. */
  readonly ms: number;
  /**
   * How long a request whose connection to its owner failed waits for the view that says what
   * became of it, in milliseconds: either the owner is gone, and the request waits on, or it is
   * not, and a single bad connection costs no more than this. Looked at with each tick.
   */
  readonly graceMs: number;
  /** Most requests that wait in one worker; 503 above. */
  readonly requests: number;
  /** Most bytes that they keep in one worker's buffers; 503 above. */
  readonly bytes: number;
  /** Whether replicas that failed are replaced: the next view will say so. */
  readonly replaces: boolean;
}

/** How requests are traced, where OpenTelemetry is on. */
export interface TraceSettings {
  /**
   * Whether a client that does not record its trace ends the matter here, too. Where a sampler is
   * set, that decides.
   */
  readonly heedsClient: boolean;
}

/** Everything that a worker is told once. */
export interface ProxySettings {
  readonly listen: Address;
  /** What of the control API the public port carries. */
  readonly publicApi: PublicApi;
  readonly keySource: KeySource;
  readonly limits: RequestLimits;
  readonly timeouts: Timeouts;
  /** Bounds of reading what a client sends that has its answer. */
  readonly linger: LingerSettings;
  readonly hold: HoldSettings;
  /** How far above its share a replica's requests in flight may rise; 0: no bound. */
  readonly loadBound: number;
  /** Whether responses say where they come from. */
  readonly ringFields: boolean;
  /** Milliseconds without a first byte of a response that are evidence `slow`; 0: never. */
  readonly suspectMs: number;
  /** Whether instances are compared by how they answer. */
  readonly outliers: boolean;
  /** Whether messages say in `Via` that they came through here. */
  readonly via: boolean;
  /** Whether fields with an underscore in their names are sent on. */
  readonly underscores: boolean;
  /** Whether TRACE is sent on. */
  readonly trace: boolean;
  /** Networks in CIDR notation whose X-Forwarded fields are believed. */
  readonly trusted: readonly string[];
  /** Whether their connections begin with a head of the PROXY protocol. */
  readonly proxyProtocol: boolean;
  /** Of how many requests the access log tells at first. */
  readonly accessLogging: AccessLogging;
  /** How its lines are written. */
  readonly logStyle: AccessStyle;
  /** How many workers there are. */
  readonly workers: number;
  /** Set where requests are traced. */
  readonly traces?: TraceSettings;
  /** Tokens of the control API, which no replica gets to see. */
  readonly tokens?: readonly ApiToken[];
}

/** Where a token of the control API is: at most one of the two is set. */
export interface ApiToken {
  readonly text: string;
  /** A file that may be replaced at any time. */
  readonly file: string;
}

/**
 * What the configuration says about the data plane.
 *
 * @param config the configuration
 * @param listen where clients connect
 * @param replaces whether the engine replaces instances that fail
 * @param logStyle how lines of the access log are written
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
    keySource: config.ring.key,
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
      head: config.timeouts.headMs,
      keepAlive: config.timeouts.keepAliveMs,
      body: config.timeouts.bodyMs,
      connect: config.timeouts.connectMs,
      response: config.timeouts.responseMs,
      upstreamIdle: config.timeouts.upstreamIdleMs,
      responseBody: config.timeouts.responseBodyMs,
      streamIdle: config.timeouts.streamIdleMs,
    },
    linger: LINGER,
    hold: {
      policy: config.hold.policy,
      ms: config.hold.ms,
      graceMs: GRACE_MS,
      requests: Math.max(Math.floor(config.hold.requests / workers), 1),
      bytes: Math.floor(config.hold.bytes / workers),
      replaces,
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

/** A worker's share of the calls, and enough for event streams and calls beside them at the least. */
function callsOf(all: number, workers: number): number {
  return Math.max(Math.ceil(all / workers), Math.min(all, LEAST_CALLS));
}

/**
 * How many workers the data plane has.
 *
 * @param config the configuration
 */
export function workerCount({ listen: { workers } }: Pick<Config, "listen">): number {
  return workers === "auto" ? navigator.hardwareConcurrency : workers;
}

function publicApi({ admin }: Config): PublicApi {
  return admin.publicApi === "auto" ? "basic" : admin.publicApi;
}
