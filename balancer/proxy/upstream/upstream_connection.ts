/**
 * One connection to a replica, with the request that it carries.
 *
 * @module
 */
import type { Connection } from "../transport/connection.ts";
import type { ConnectionListener } from "../transport/connection_events.ts";
import type { Disconnected } from "../transport/connection_reader.ts";
import type { Expiring } from "../transport/deadlines.ts";
import type { InstancePool } from "./connection_pool.ts";

/** The parts of the carried request that a connection reads. */
interface CarriedRequest {
  /** Its destination; the key is undefined for a call of the control API. */
  readonly destination: { readonly key: string | undefined };
  readonly rules: { readonly responseMs: number };
  /** True while its body is being sent. */
  readonly sendingBody: boolean;
  /** Whether a final response has begun to go to the client. */
  readonly responding: boolean;
}

/** Receives the events of an attempt without promises. Must not throw. */
export interface AttemptListener {
  /** The request was sent. */
  onRequestSent(): void;
  /** The request could not be sent. */
  onSendError(error: Disconnected): void;
  /** Bytes of a response arrived, or the connection ended. */
  onResponse(): void;
}

/** A connection to an instance. */
export class UpstreamConnection implements Expiring, ConnectionListener {
  deadlineAt = Infinity;
  /**
   * Receives the connection's events while it is in use; undefined if its user waits by promises.
   */
  listener: AttemptListener | undefined;
  /**
   * Set once the connection is authenticated as one client: no other client may use it (RFC 4559,
   * section 6).
   */
  isPrivate = false;
  /** Whether it carried a request before the current one. */
  reused = false;
  /** Set when a deadline closed it in the middle of a request. */
  expired = false;
  /** The request that it carries, or carried last. */
  request: CarriedRequest | undefined;
  #unused = false;
  #unusedSince = 0;

  constructor(readonly transport: Connection, readonly pool: InstancePool) {
    transport.watcher = this;
  }

  /** Whether it is idle in its pool. */
  get unused(): boolean {
    return this.#unused;
  }

  /** Since when it has been idle, by the clock of the deadlines. */
  get unusedSince(): number {
    return this.#unusedSince;
  }

  /** Takes it out of its pool. */
  acquire(): void {
    this.#unused = false;
    this.reused = true;
    this.deadlineAt = Infinity;
  }

  /** Hands it to the next user directly, without its pool. @returns itself */
  handOver(): this {
    this.transport.shrinkBuffer();
    this.acquire();
    return this;
  }

  /**
   * Puts it into its pool, and begins a read at once: now only the end of the connection or
   * unsolicited bytes can arrive, and both make it unusable (RFC 9112, section 9.3).
   */
  park(now: number, until: number): void {
    this.#unused = true;
    this.#unusedSince = now;
    this.deadlineAt = until;
    this.transport.shrinkBuffer();
    this.transport.startRead();
  }

  onDeadline(): void {
    if (!this.#unused) this.expired = true;
    this.close();
  }

  close(): void {
    this.deadlineAt = Infinity;
    this.transport.close();
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
