/**
 * The only things that the data plane and the fleet share: a {@linkcode View} goes down, evidence
 * and tolls come up, and a drain is asked for and answered.
 *
 * @module
 */
import type { Ring } from "../ring/mod.ts";

/** Where an instance can be reached. */
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

/** Where an instance listens. */
export type UpstreamAddress = Address | UnixAddress;

/**
 * An address as it is written in settings, logs and answers: `10.0.0.1:80`, `[::1]:80` or
 * `unix:/path`.
 */
export function addressText(address: UpstreamAddress): string {
  if ("path" in address) return `unix:${address.path}`;
  const { hostname, port } = address;
  return `${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`;
}

/** A ready replica: the name that the ring knows and the instance behind it right now. */
export interface Upstream {
  readonly name: string;
  /** Id of the instance, so that evidence about a replaced one can be told apart. */
  readonly instance: string;
  readonly address: UpstreamAddress;
  /**
   * Below 1 while an instance that inherited its name starts slowly: the part of its bound on
   * requests in flight that it may use. 1 where it is not given.
   */
  readonly ramp?: number;
}

/** An immutable snapshot to route by. A change makes a new one with a higher version. */
export interface View {
  readonly version: number;
  readonly ring: Ring;
  /** The replicas that may be sent requests, by name. Health changes swap this map only. */
  readonly ready: ReadonlyMap<string, Upstream>;
  /** Replicas that are being replaced right now: a request for one of them may wait for it. */
  readonly awaited: ReadonlySet<string>;
  /** Request keys that no replica is sent: replicas died of them. */
  readonly quarantined: ReadonlySet<string>;
}

/** How a forwarded request failed: what happened to its connection. */
export type FailureKind = "refused" | "reset" | "timeout" | "malformed";

/** What the data plane noticed about an instance while forwarding to it. */
export interface Evidence {
  readonly name: string;
  readonly instance: string;
  /** `slow`: no first byte of a response yet; the request goes on waiting. */
  readonly kind: FailureKind | "slow";
  /**
   * False for a connection that had carried an earlier request: its server may have closed it just
   * when it was used again, which says nothing about the replica.
   */
  readonly fresh: boolean;
  /** Set where no connection could be made: the only failure that no request can provoke. */
  readonly unreachable?: true;
  /** Key of the request. */
  readonly key: string;
}

/** What became of the requests for one replica since the last toll: what its failure cost. */
export interface FailureCost {
  /** The replica that owns their slots. */
  readonly name: string;
  /** Requests that waited for it. */
  readonly held: number;
  /** Requests that were sent again after a failed attempt. */
  readonly retried: number;
  /** Requests that another replica was sent. */
  readonly spilled: number;
  /** Requests that were answered with an error of the balancer: 502, 503 or 504. */
  readonly lost: number;
  /** Responses that broke off in the middle. */
  readonly broken: number;
  /** The longest wait for it, in milliseconds. */
  readonly longestHoldMs: number;
}

/** What a worker counted of an instance's responses since it told last. */
export interface Sample {
  readonly instance: string;
  readonly responses: number;
  /** Those with 5xx. */
  readonly errors: number;
  /** What they took to begin, in milliseconds, all together. */
  readonly firstByteMs: number;
  /**
   * How many keys the requests had whose responses were 5xx or slow, up to {@linkcode MAX_BAD_KEYS}.
   * One client that repeats one bad request has one.
   */
  readonly badKeys: number;
}

/** The most keys of bad responses that a {@linkcode Sample} counts. */
export const MAX_BAD_KEYS = 8;

/** A first byte that takes this long, in milliseconds, is slow where the peers' take less. */
export const SLOW_RESPONSE_MS = 100;

/** How long an instance that leaves is waited for, in milliseconds. */
export interface DrainDeadlines {
  /** For requests that have an end. */
  readonly requestsMs: number;
  /** For tunnels and event streams, which have none of their own; they are closed then. */
  readonly streamsMs: number;
}

/** What the fleet asks of the data plane. */
export interface DataPlane {
  /** Routes every request from now on by this view. */
  publish(view: View): void;
  /**
   * Waits until no request is in flight to an instance. Call it after a view without the
   * instance was published, or new requests keep coming.
   *
   * @param instance id of the instance
   * @param deadlines longest waits
   * @returns true when the instance is idle, false when a deadline came first
   */
  idle(instance: string, deadlines: DrainDeadlines): Promise<boolean>;
  /**
   * How much is in flight to an instance right now, requests and streams, all workers together.
   *
   * @param instance id of the instance
   */
  inFlight(instance: string): number;
}
