/**
 * The contract between the fleet and the data plane: a {@linkcode View} goes down, evidence and
 * costs come up, and a drain is a request with an answer.
 *
 * @module
 */
import type { Ring } from "../ring/mod.ts";

/** The TCP address of an instance. */
export interface Address {
  /** Host name or IP address, without brackets for IPv6. */
  readonly hostname: string;
  /** TCP port, 1 to 65535. */
  readonly port: number;
}

/** A Unix socket that an instance listens on. */
export interface UnixAddress {
  /** Absolute path of the socket file. */
  readonly path: string;
}

/** The listen address of an instance. */
export type UpstreamAddress = Address | UnixAddress;

/**
 * Formats an address for settings, logs and answers: `10.0.0.1:80`, `[::1]:80` or `unix:/path`.
 */
export function addressText(address: UpstreamAddress): string {
  if ("path" in address) return `unix:${address.path}`;
  const { hostname, port } = address;
  return `${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`;
}

/** A ready replica: its name in the ring, and its present instance. */
export interface Upstream {
  readonly name: string;
  /** Id of the instance, so that evidence about a replaced instance can be recognized. */
  readonly instance: string;
  readonly address: UpstreamAddress;
  /**
   * Below 1 while an instance that inherited its name is in slow start: the usable share of its
   * bound on requests in flight. The default is 1.
   */
  readonly ramp?: number;
}

/** An immutable snapshot for routing. A change publishes a new one with a higher version. */
export interface View {
  readonly version: number;
  /**
   * Epoch of the desired state that the ring was built from. Balancers with equal epochs have equal
   * rings. 0 before the first saved change.
   */
  readonly epoch: number;
  readonly ring: Ring;
  /** The replicas that may receive requests, by name. Health changes replace only this map. */
  readonly ready: ReadonlyMap<string, Upstream>;
  /** Replicas that are being replaced: a request for one of them may wait. */
  readonly awaited: ReadonlySet<string>;
  /** Quarantined request keys: replicas died of them, so no replica receives them. */
  readonly quarantined: ReadonlySet<string>;
}

/** The failure of a forwarded request, by the event on its connection. */
export type FailureKind = "refused" | "reset" | "timeout" | "malformed";

/** An observation of the data plane about an instance. */
export interface Evidence {
  readonly name: string;
  readonly instance: string;
  /** `slow`: no first byte of a response yet; the request goes on waiting. */
  readonly kind: FailureKind | "slow";
  /**
   * False for a reused connection: its server may have closed it at the moment of reuse, which says
   * nothing about the replica.
   */
  readonly fresh: boolean;
  /** Set if no connection could be made: the only failure that no request can provoke. */
  readonly unreachable?: true;
  /** Key of the request. */
  readonly key: string;
}

/** The cost of one replica's failure to its requests, since the previous report. */
export interface FailureCost {
  /** The replica that owns the requests' slots. */
  readonly name: string;
  /** Requests that waited for the replica. */
  readonly held: number;
  /** Requests that were sent again after a failed attempt. */
  readonly retried: number;
  /** Requests that another replica received. */
  readonly spilled: number;
  /** Requests that were answered with an error of the balancer: 502, 503 or 504. */
  readonly lost: number;
  /** Responses that broke off in the middle. */
  readonly broken: number;
  /** The longest wait, in milliseconds. */
  readonly longestHoldMs: number;
}

/** A worker's counts of an instance's responses since its last report. */
export interface Sample {
  readonly instance: string;
  readonly responses: number;
  /** Responses with 5xx. */
  readonly errors: number;
  /** The sum of the times to first byte, in milliseconds. */
  readonly firstByteMs: number;
  /**
   * The number of distinct keys with a 5xx or slow response, up to {@linkcode MAX_BAD_KEYS}. One
   * client that repeats one bad request counts as one key.
   */
  readonly badKeys: number;
}

/** The most keys of bad responses that a {@linkcode Sample} counts. */
export const MAX_BAD_KEYS = 8;

/**
 * A time to first byte from which a response is slow if those of the peers are faster, in
 * milliseconds.
 */
export const SLOW_RESPONSE_MS = 100;

/** Deadlines of an instance's drain, in milliseconds. */
export interface DrainDeadlines {
  /** For requests that have an end. */
  readonly requestsMs: number;
  /** For tunnels and event streams, which have no end of their own; they are closed then. */
  readonly streamsMs: number;
}

/** A maintenance of the whole: the balancer answers new requests itself. */
export interface MaintenanceState {
  /** Text of the responses to clients. */
  readonly message: string;
  /** Seconds after which clients should try again. */
  readonly retryAfterS: number;
  /** Networks in CIDR notation whose clients are served all the same. */
  readonly allow: readonly string[];
  /** The beginning, as a date in ISO 8601. */
  readonly since: string;
}

/** Why the balancer answers new requests itself, and how. */
export interface Suspension extends Pick<MaintenanceState, "message" | "retryAfterS" | "allow"> {
  /** `isolated`: this balancer has lost the others of its fleet. */
  readonly reason: "maintenance" | "isolated";
}

/** The fleet's interface to the data plane. */
export interface DataPlane {
  /** Routes every request from now on by this view. */
  publish(view: View): void;
  /**
   * Waits until no request is in flight to an instance. A view without the instance must be
   * published first, or new requests keep coming.
   *
   * @param instance id of the instance
   * @param deadlines the drain's deadlines
   * @returns true if the instance is idle, false if a deadline came first
   */
  idle(instance: string, deadlines: DrainDeadlines): Promise<boolean>;
  /**
   * Returns the load in flight to an instance: requests and streams of all workers.
   *
   * @param instance id of the instance
   */
  inFlight(instance: string): number;
}
