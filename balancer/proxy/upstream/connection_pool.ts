/**
 * Connections to replicas: opened on demand, kept for later requests, the most recent used first.
 *
 * @module
 */
import { isOutOfFiles } from "../../out_of_files.ts";
import type { FailureKind, Upstream, UpstreamAddress } from "../../view.ts";
import { dial } from "./dial.ts";
import type { BufferPool } from "../transport/buffers.ts";
import type { ByteStream } from "../transport/byte_stream.ts";
import type { Deadlines } from "../transport/deadlines.ts";
import type { Gauge } from "./in_flight.ts";
import { type Allowance, UNBOUNDED } from "./bounded_load.ts";
import { UpstreamError } from "../errors/upstream_error.ts";
import { type ReplicaCounters, UNCOUNTED } from "../stats/counters.ts";
import { Connection } from "../transport/connection.ts";
import { TlsClientError } from "../transport/tls_client.ts";
import { TlsStream } from "../transport/tls_stream.ts";
import { UpstreamConnection } from "./upstream_connection.ts";

/** Limits of the pool. */
export interface PoolLimits {
  /** Most idle connections kept for each instance. */
  readonly maxIdle: number;
  /** Idle time after which a connection is closed, in milliseconds; shorter than the server's. */
  readonly idleMs: number;
  /** Deadline for opening a connection, in milliseconds. */
  readonly connectMs: number;
}

/** Name and id of the control API among the instances. */
export const CONTROL = "control";

/** Decides, before the pool does, about connections that are no longer needed. */
export interface PoolGuard {
  /**
   * A connection was returned.
   *
   * @returns whether it was given to a waiting request, or closed, and does not go into its pool
   */
  offered(connection: UpstreamConnection): boolean;
  /** A connection was closed. */
  closed(): void;
}

/** Opens a connection to an address; the signal ends an attempt that takes too long. */
export type Dial = (address: UpstreamAddress, signal: AbortSignal) => Promise<ByteStream>;

/** No server that keeps connections at all closes an idle one this soon, in milliseconds. */
const RECENT_MS = 500;

/** The connections to one instance. */
export class InstancePool {
  /** When the instance began its last response, by the clock of the deadlines. */
  answeredAt = -Infinity;
  /** The part of all requests in flight that the instance may have. */
  allowance: Allowance = UNBOUNDED;
  /** Counters of the requests to the replica. */
  counters: ReplicaCounters = UNCOUNTED;
  /** Connections that are being opened. */
  opening = 0;
  /** Counts the requests to the instance. */
  readonly inFlight: Gauge;
  #upstream: Upstream;
  readonly #limits: PoolLimits;
  readonly #buffers: BufferPool;
  readonly #deadlines: Deadlines;
  readonly #guard: PoolGuard | undefined;
  readonly #dial: Dial;
  readonly #idle: UpstreamConnection[] = [];
  readonly #all = new Set<UpstreamConnection>();
  #retired = false;

  constructor(
    upstream: Upstream,
    inFlight: Gauge,
    limits: PoolLimits,
    buffers: BufferPool,
    deadlines: Deadlines,
    guard?: PoolGuard,
    dialer: Dial = dial,
  ) {
    this.#upstream = upstream;
    this.inFlight = inFlight;
    this.#limits = limits;
    this.#buffers = buffers;
    this.#deadlines = deadlines;
    this.#guard = guard;
    this.#dial = dialer;
  }

  get upstream(): Upstream {
    return this.#upstream;
  }

  /** Whether it leads to the control API. */
  get isControl(): boolean {
    return this.#upstream.instance === CONTROL;
  }

  /** Updates the pool from a new view of the same instance. */
  update(upstream: Upstream, allowance: Allowance, counters = this.counters): void {
    this.#upstream = upstream;
    this.allowance = allowance;
    this.counters = counters;
  }

  /** Whether the instance left the view: its connections are no longer kept. */
  get retired(): boolean {
    return this.#retired;
  }

  /** All open connections, idle ones included. */
  get connections(): Iterable<UpstreamConnection> {
    return this.#all;
  }

  /** Number of open and opening connections, idle ones included. */
  get size(): number {
    return this.#all.size + this.opening;
  }

  /** The connection that has been idle longest. */
  get oldestIdle(): UpstreamConnection | undefined {
    return this.#idle[0];
  }

  /**
   * Takes the most recently used idle connection: the likeliest to be alive.
   *
   * @param recent accept only a connection that was used a moment ago, for a request that cannot be
   *   repeated
   */
  takeIdle(recent: boolean): UpstreamConnection | undefined {
    const connection = this.#idle.at(-1);
    if (!connection) return undefined;
    if (recent && this.#deadlines.now - connection.unusedSince > RECENT_MS) return undefined;
    this.#idle.pop();
    connection.acquire();
    this.counters.reused();
    return connection;
  }

  /**
   * Opens a connection.
   *
   * @throws {UpstreamError} refused, not accepted in time, or without TLS that is trusted; a timeout
   *   is no proof of death, since this machine may be late
   * @throws {Error} this process cannot open a connection, see `isOutOfFiles`
   */
  async connect(): Promise<UpstreamConnection> {
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), this.#limits.connectMs);
    try {
      const opened = await this.#dial(this.#upstream.address, late.signal);
      const socket = opened instanceof TlsStream ? opened : undefined;
      const connection = new UpstreamConnection(
        new Connection(opened, this.#buffers, "replica", undefined, socket),
        this,
      );
      this.#deadlines.add(connection);
      this.#all.add(connection);
      this.counters.connected();
      return connection;
    } catch (error) {
      if (isOutOfFiles(error)) throw error;
      throw new UpstreamError(kindOf(error, late.signal), "no", false, String(error), {
        cause: error,
      });
    } finally {
      clearTimeout(timer);
    }
  }

  /** Takes a connection back after a complete exchange; a closed one is dropped. */
  giveBack(connection: UpstreamConnection): void {
    const { maxIdle, idleMs } = this.#limits;
    if (this.#retired || connection.transport.closed) return connection.close();
    if (this.#guard?.offered(connection)) return;
    if (this.#idle.length >= maxIdle) return connection.close();
    this.#idle.push(connection);
    connection.park(this.#deadlines.now, this.#deadlines.in(idleMs));
  }

  /** Forgets a connection that was closed. */
  remove(connection: UpstreamConnection): void {
    if (!this.#all.delete(connection)) return;
    this.#deadlines.delete(connection);
    const at = this.#idle.indexOf(connection);
    if (at >= 0) this.#idle.splice(at, 1);
    this.#guard?.closed();
  }

  /**
   * The instance left the view: idle connections are closed now, the others after their exchange.
   */
  retire(): void {
    this.#retired = true;
    for (const connection of [...this.#all]) if (connection.unused) connection.close();
  }
}

/** A failure of TLS is no proof of death: the trust of this balancer may be wrong. */
function kindOf(error: unknown, late: AbortSignal): FailureKind {
  if (late.aborted) return "timeout";
  return error instanceof TlsClientError ? "reset" : "refused";
}
