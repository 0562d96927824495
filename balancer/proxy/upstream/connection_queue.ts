/**
 * Requests that wait for a connection to their replica while this process cannot open another: they
 * get a returned connection, or room for a new one. The shortage is not the replica's fault and is
 * not counted against it.
 *
 * @module
 */
import { isOutOfFiles } from "../../out_of_files.ts";
import type { Deadlines } from "../transport/deadlines.ts";
import type { DescriptorBudget } from "../transport/descriptor_budget.ts";
import { type Caller, ConnectionWaits } from "./connection_wait.ts";
import { NoRoomError } from "./no_room_error.ts";
import type { InstancePool, PoolGuard } from "./connection_pool.ts";
import type { UpstreamConnection } from "./upstream_connection.ts";

/** Options of a {@linkcode ConnectionQueue}. */
interface ConnectionQueueOptions {
  /** Counts connections. */
  readonly budget: DescriptorBudget;
  /** Ends waits at their deadlines. */
  readonly deadlines: Deadlines;
  /** The pools whose idle connections may be closed to make room. */
  readonly pools: () => Iterable<InstancePool>;
  /** Whether a pool is the control API's, whose connections take no file descriptor. */
  readonly isControl: (pool: InstancePool) => boolean;
  /** Whether the control API accepts one more call of this worker. */
  readonly mayCall?: () => boolean;
  /**
   * Time that new clients wait at the connection limit before they are rejected, in milliseconds.
   */
  readonly patienceMs: number;
  /** Closes the connection of a lingering client. Returns whether there was one. */
  readonly giveUp?: () => boolean;
  /**
   * Refuses a held request whose client may be gone. Returns whether there was one.
   */
  readonly refuseDoubtful?: () => boolean;
}

/** The queue of one worker, first come first served. */
export class ConnectionQueue implements PoolGuard {
  readonly #options: ConnectionQueueOptions;
  readonly #budget: DescriptorBudget;
  readonly #waits: ConnectionWaits;
  /** Set while the listener waits for room: resumes it. */
  #accept: (() => void) | undefined;
  /** Since when there have been too many clients. */
  #crowdedSince = Infinity;
  #admitting = false;
  /**
   * Set from a failed open for want of file descriptors until a connection is closed or a tick
   * passes.
   */
  #stalled = false;

  constructor(options: ConnectionQueueOptions) {
    this.#options = options;
    this.#budget = options.budget;
    this.#waits = new ConnectionWaits(options.deadlines, () => this.#reportCount());
  }

  /** Number of waiting requests. */
  get count(): number {
    return this.#waits.count;
  }

  /**
   * Opens a connection as soon as there is room for it, or returns one that becomes free.
   *
   * @param pool the pool of the instance
   * @param caller the request
   * @param until deadline of the wait, by the clock of the deadlines
   * @returns the connection; undefined if the caller left
   * @throws {NoRoomError} there was none in time, or the API has reached its limit of calls
   * @throws {UpstreamError} the connection could not be opened
   */
  async connect(
    pool: InstancePool,
    caller: Caller,
    until: number,
  ): Promise<UpstreamConnection | undefined> {
    if (this.#options.isControl(pool)) {
      if (this.#options.mayCall?.() === false) throw new NoRoomError("calls");
      return await pool.connect();
    }
    let first = false;
    for (let room = this.#roomNow(pool);; room = false) {
      const end = room ? "room" : await this.#waits.wait(pool, caller, until, first);
      if (end === "left") return undefined;
      if (end === "late") throw new NoRoomError();
      const connection = end === "room" ? await this.#open(pool) : end;
      if (connection) return connection;
      // A request that already had its turn does not queue behind the others again.
      first = true;
    }
  }

  /**
   * Waits until there is room for a client's connection, after the requests that already wait. The
   * kernel queues new clients meanwhile. If clients alone have been too many for a while, the wait
   * ends so that they can be rejected.
   */
  async roomToAccept(): Promise<void> {
    if (this.#mayAccept()) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#accept = resolve;
    this.#reportCount();
    await promise;
  }

  /** Whether there have been too many clients for a while. */
  get crowded(): boolean {
    if (!this.#budget.clientsFull) return false;
    const { now } = this.#options.deadlines;
    this.#crowdedSince = Math.min(this.#crowdedSince, now);
    return now - this.#crowdedSince >= this.#options.patienceMs;
  }

  offered(connection: UpstreamConnection): boolean {
    const { first } = this.#waits;
    const { pool } = connection;
    if (!first) return this.#offeredToClients(connection);
    const next = this.#waits.firstFor(pool);
    // Scarce connections are shared out: a replica without any would otherwise never get one.
    const deprived = first.pool.size + 1 < pool.size;
    if (next && !deprived) this.#waits.end(next, connection.handOver());
    else connection.close();
    return true;
  }

  closed(): void {
    this.#budget.leaveReplica();
    this.roomMade();
  }

  /** A connection was closed: waiting requests may have room now. */
  roomMade(): void {
    this.#stalled = false;
    this.#admit();
  }

  /**
   * A tick passed. Workers learn of each other's waiting requests, and make room for each other.
   */
  tick(): void {
    this.#budget.review();
    if (!this.#budget.clientsFull) this.#crowdedSince = Infinity;
    this.roomMade();
    if (this.#hasCertain) return;
    for (let left = this.#budget.waitingElsewhere; left > 0 && this.#makeRoom(); left--);
  }

  #offeredToClients(connection: UpstreamConnection): boolean {
    if (!this.#accept || this.#budget.clientsFull) return false;
    connection.close();
    return true;
  }

  #mayAccept(): boolean {
    if (this.#budget.clientsFull) {
      // The room becomes visible once the connection is counted out.
      if (!this.#options.giveUp?.()) this.#refuseDoubtful(true);
      return this.crowded;
    }
    this.#crowdedSince = Infinity;
    if (this.#waits.count > 0) return false;
    return this.#budget.hasRoom || (this.#makeRoom() && this.#budget.hasRoom);
  }

  #reportCount(): void {
    this.#budget.wait(this.#waits.count + (this.#accept ? 1 : 0));
  }

  #roomNow(pool: InstancePool): boolean {
    return this.#waits.count === 0 && this.#enter(pool);
  }

  #enter(pool: InstancePool): boolean {
    if (this.#stalled) return false;
    const entered = () => this.#budget.enterReplica();
    if (!entered() && !(this.#makeRoom() && entered())) return false;
    pool.opening++;
    return true;
  }

  /** @returns undefined if there is no file descriptor after all */
  async #open(pool: InstancePool): Promise<UpstreamConnection | undefined> {
    try {
      return await pool.connect();
    } catch (error) {
      this.#budget.leaveReplica();
      if (!isOutOfFiles(error)) {
        this.roomMade();
        throw error;
      }
      this.#stalled = true;
      this.#budget.spent();
      return undefined;
    } finally {
      pool.opening--;
    }
  }

  #admit(): void {
    // Connections that are closed to make room are reported here, too.
    if (this.#admitting) return;
    this.#admitting = true;
    for (let { first } = this.#waits; first && this.#enter(first.pool); { first } = this.#waits) {
      this.#waits.end(first, "room");
    }
    if (this.#accept && this.#mayAccept()) {
      this.#accept();
      this.#accept = undefined;
      this.#reportCount();
    }
    this.#admitting = false;
  }

  /** Closes the least needed connection. @returns whether there was one */
  #makeRoom(): boolean {
    return this.#options.giveUp?.() || this.#closeOldest() || this.#refuseDoubtful();
  }

  /** Whether a waiting request's client is certainly there, or a new client waits. */
  get #hasCertain(): boolean {
    return this.#accept !== undefined || this.#waits.hasCertain;
  }

  /**
   * Refuses a request of a half-closed client in favour of another request. Such a client cannot be
   * told from one that is gone, and keeps a file descriptor as long as its request waits. If all
   * clients are half-closed, none is preferred.
   *
   * @param needed whether another request, or a new client, certainly needs the descriptor
   * @returns whether there was one; its room becomes visible once its connection is counted out
   */
  #refuseDoubtful(
    needed = this.#hasCertain || this.#budget.waitingElsewhere > 0,
  ): boolean {
    if (this.#options.refuseDoubtful?.()) return true;
    return needed && this.#waits.refuseDoubtful();
  }

  /** Closes the connection that has been idle longest. @returns whether there was one */
  #closeOldest(): boolean {
    let oldest: UpstreamConnection | undefined;
    for (const { oldestIdle } of this.#options.pools()) {
      if (oldestIdle && !(oldest && oldest.unusedSince <= oldestIdle.unusedSince)) {
        oldest = oldestIdle;
      }
    }
    oldest?.close();
    return oldest !== undefined;
  }
}
