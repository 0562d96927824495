/**
 * Connections to replicas: opened when needed, kept for the next request, newest first.
 *
 * @module
 */
import { isOutOfFiles } from "../../out_of_files.ts";
import type { Upstream, UpstreamAddress } from "../../view.ts";
import { dial } from "./dial.ts";
import type { BufferPool } from "../transport/buffers.ts";
import type { ByteStream } from "../transport/byte_stream.ts";
import type { Deadlines, Expiring } from "../transport/deadlines.ts";
import type { Gauge } from "./in_flight.ts";
import { type Allowance, UNBOUNDED } from "./bounded_load.ts";
import { UpstreamError } from "../errors/upstream_error.ts";
import { type ReplicaCounters, UNCOUNTED } from "../stats/counters.ts";
import { Connection, type ConnectionListener, type Disconnected } from "../transport/connection.ts";

/** Bounds of the pool. */
export interface PoolLimits {
  /** Unused connections that are kept for each instance. */
  readonly maxIdle: number;
  /** Milliseconds that a connection is kept unused: less than its server keeps it. */
  readonly idleMs: number;
  /** Milliseconds that opening one may take. */
  readonly connectMs: number;
  /** Milliseconds within which a response has to begin. */
  readonly responseMs: number;
}

/** What a connection knows of the request that it carries. */
export interface CarriedRequest {
  /** Where it goes; its key is undefined for a call of the control API. */
  readonly destination: { readonly key: string | undefined };
  /** True while its body is being sent. */
  readonly sendingBody: boolean;
  /** Whether a final response has begun to go to the client. */
  readonly responding: boolean;
}

/** Name and id of the control API among the instances. */
export const CONTROL = "control";

/** Who decides what becomes of connections that are no longer needed, beside their pool. */
export interface PoolGuard {
  /**
   * A connection came back.
   *
   * @returns whether it was given to somebody, or closed, and does not go into its pool
   */
  offered(connection: UpstreamConnection): boolean;
  /** One was closed. */
  closed(): void;
}

/** Opens a connection to an address; the signal ends an attempt that takes too long. */
export type Dial = (address: UpstreamAddress, signal: AbortSignal) => Promise<ByteStream>;

/** No server that keeps connections at all closes one this soon. */
const RECENT_MS = 500;

/** Who sent a request without waiting for a promise, and is told how it goes. Must not throw. */
export interface AttemptListener {
  /** The request is sent. */
  onRequestSent(): void;
  /** It could not be sent. */
  onSendError(error: Disconnected): void;
  /** Bytes of a response are there, or the connection ended. */
  onResponse(): void;
}

/** A connection to an instance. */
export class UpstreamConnection implements Expiring, ConnectionListener {
  deadlineAt = Infinity;
  /** Who hears of the connection while it is in use, if not by promises. */
  listener: AttemptListener | undefined;
  /** Set once it is authenticated as one client: it is given to no other (RFC 4559, section 6). */
  isPrivate = false;
  /** Whether it carried a request before the present one. */
  reused = false;
  /** Set when a deadline closed it in the middle of a request. */
  expired = false;
  /** The request that it carries, or carried last. */
  request: CarriedRequest | undefined;
  #unused = false;
  #unusedSince = 0;

  constructor(readonly wire: Connection, readonly pool: InstancePool) {
    wire.watcher = this;
  }

  /** Whether it waits in its pool. */
  get unused(): boolean {
    return this.#unused;
  }

  /** Since when it has waited there, by the clock of the deadlines. */
  get unusedSince(): number {
    return this.#unusedSince;
  }

  /** Takes it out of its pool. */
  acquire(): void {
    this.#unused = false;
    this.reused = true;
    this.deadlineAt = Infinity;
  }

  /** Gives it to the next who uses it, without going into its pool. @returns itself */
  handOver(): this {
    this.wire.shrinkBuffer();
    this.acquire();
    return this;
  }

  /**
   * Puts it into its pool. A read is begun at once: what arrives now is either the end of the
   * connection or bytes that nobody asked for, and both make it useless (RFC 9112, section 9.3).
   */
  park(now: number, until: number): void {
    this.#unused = true;
    this.#unusedSince = now;
    this.deadlineAt = until;
    this.wire.shrinkBuffer();
    this.wire.startRead();
  }

  onDeadline(): void {
    if (!this.#unused) this.expired = true;
    this.close();
  }

  close(): void {
    this.deadlineAt = Infinity;
    this.wire.close();
    this.pool.remove(this);
  }

  onData(): void {
    if (this.#unused) this.close();
    else this.listener?.onResponse();
  }

  onBreak(): void {
    this.onData();
  }

  onWritten(): void {
    this.listener?.onRequestSent();
  }

  onWriteError(error: Disconnected): void {
    this.listener?.onSendError(error);
  }
}

/** The connections to one instance. */
export class InstancePool {
  /** When the instance began its last response, by the clock of the deadlines. */
  answeredAt = -Infinity;
  /** How much of all that is in flight the instance may have. */
  allowance: Allowance = UNBOUNDED;
  /** What becomes of requests to the replica. */
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

  /** Milliseconds within which a response has to begin. */
  get responseMs(): number {
    return this.#limits.responseMs;
  }

  /** Whether it leads to the control API. */
  get isControl(): boolean {
    return this.#upstream.instance === CONTROL;
  }

  /** Takes note of what a new view says of the same instance. */
  update(upstream: Upstream, allowance: Allowance, tally = this.counters): void {
    this.#upstream = upstream;
    this.allowance = allowance;
    this.counters = tally;
  }

  /** Whether the instance left the view: its connections are not kept any more. */
  get retired(): boolean {
    return this.#retired;
  }

  /** All open connections, unused ones too. */
  get connections(): Iterable<UpstreamConnection> {
    return this.#all;
  }

  /** How many connections there are or will be, unused ones too. */
  get size(): number {
    return this.#all.size + this.opening;
  }

  /** The connection that has been unused for longest. */
  get oldestIdle(): UpstreamConnection | undefined {
    return this.#idle[0];
  }

  /**
   * An unused connection, the one that was used last: the likeliest to be alive.
   *
   * @param recent only one that was used a moment ago, for a request that could not be repeated
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
   * @throws {UpstreamError} refused, or not accepted in time: that proves no death, for it may be
   *   this machine that is late
   * @throws {Error} this process can open no connection, see `isOutOfFiles`
   */
  async connect(): Promise<UpstreamConnection> {
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), this.#limits.connectMs);
    try {
      const opened = await this.#dial(this.#upstream.address, late.signal);
      const connection = new UpstreamConnection(
        new Connection(opened, this.#buffers, "replica"),
        this,
      );
      this.#deadlines.add(connection);
      this.#all.add(connection);
      this.counters.connected();
      return connection;
    } catch (error) {
      if (isOutOfFiles(error)) throw error;
      const kind = late.signal.aborted ? "timeout" : "refused";
      throw new UpstreamError(kind, "no", false, String(error), { cause: error });
    } finally {
      clearTimeout(timer);
    }
  }

  /** Takes a connection back after a complete exchange; one that was closed meanwhile is gone. */
  giveBack(connection: UpstreamConnection): void {
    const { maxIdle, idleMs } = this.#limits;
    if (this.#retired || connection.wire.closed) return connection.close();
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

  /** The instance left the view: unused connections close, the others when they are done. */
  retire(): void {
    this.#retired = true;
    for (const connection of [...this.#all]) if (connection.unused) connection.close();
  }
}
