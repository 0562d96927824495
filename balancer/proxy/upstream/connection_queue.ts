/**
 * Where requests wait for a connection to their replica while this process can open no more: for
 * one that comes back, or for room. It is no fault of the replica's, so it costs that nothing.
 *
 * @module
 */
import { isOutOfFiles } from "../../out_of_files.ts";
import type { Deadlines, Expiring } from "../transport/deadlines.ts";
import type { DescriptorBudget } from "../transport/descriptor_budget.ts";
import type { InstancePool, PoolGuard, UpstreamConnection } from "./connection_pool.ts";

/**
 * There was no room for a connection for as long as the request might wait, or its client had ended
 * its side and another request needed the room.
 */
export class NoRoomError extends Error {
  override readonly name = "NoRoomError";

  /** @param reason what there is too little of: files, or calls that the API answers at once */
  constructor(readonly reason: "files" | "calls" = "files") {
    super(reason === "files" ? "no room for a connection" : "too many calls at once");
  }
}

/** Who wants a connection. */
export interface Caller {
  /** Whether its client has ended its side, and may be gone. */
  readonly mayBeGone: boolean;
  /** It waits from now on: whoever gives its place up calls `leave`. */
  hold(leave: () => void): void;
  /** It waits no longer. */
  unhold(): void;
}

/** How a wait ended: with somebody's connection, with room for a new one, or with neither. */
type WaitEnd = UpstreamConnection | "room" | "late" | "left";

/** One wait. */
class Wait implements Expiring {
  readonly ended = Promise.withResolvers<WaitEnd>();

  constructor(
    readonly pool: InstancePool,
    readonly caller: Caller,
    readonly deadlineAt: number,
    readonly onDeadline: () => void,
  ) {}
}

/** What a {@linkcode ConnectionQueue} is made of. */
export interface ConnectionQueueOptions {
  /** Counts connections. */
  readonly budget: DescriptorBudget;
  /** When waits end. */
  readonly deadlines: Deadlines;
  /** The pools whose unused connections may be closed to make room. */
  readonly pools: () => Iterable<InstancePool>;
  /** Whether a pool is the control API's, whose connections take no file. */
  readonly isControl: (pool: InstancePool) => boolean;
  /** Whether the control API takes one more call of this worker. */
  readonly mayCall?: () => boolean;
  /** Milliseconds that clients wait for one of too many to leave, before they are turned away. */
  readonly patienceMs: number;
  /** Closes the connection of a client that was answered. Says whether there was one. */
  readonly giveUp?: () => boolean;
  /**
   * Refuses a request that waits for its replica and whose client may be gone. Says whether there
   * was one.
   */
  readonly refuseDoubtful?: () => boolean;
}

/** The line of one worker, first come first served. */
export class ConnectionQueue implements PoolGuard {
  readonly #options: ConnectionQueueOptions;
  readonly #budget: DescriptorBudget;
  readonly #line: Wait[] = [];
  /** Set while the listener waits for room: lets it go on. */
  #accept: (() => void) | undefined;
  /** Since when there have been too many clients. */
  #crowdedSince = Infinity;
  #admitting = false;
  /** Set from a failure for want of files until something is closed, or a moment has gone by. */
  #stalled = false;

  constructor(options: ConnectionQueueOptions) {
    this.#options = options;
    this.#budget = options.budget;
  }

  /** How many wait. */
  get count(): number {
    return this.#line.length;
  }

  /**
   * Opens a connection as soon as there is room for it, or has one that comes back meanwhile.
   *
   * @param pool whose
   * @param caller for whom
   * @param until when it gives up waiting, by the clock of the deadlines
   * @returns the connection; undefined where the caller left
   * @throws {NoRoomError} there was none in time, or the API has as many calls as it may
   * @throws {UpstreamError} what became of opening it
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
      const end = room ? "room" : await this.#wait(pool, caller, until, first);
      if (end === "left") return undefined;
      if (end === "late") throw new NoRoomError();
      const connection = end === "room" ? await this.#open(pool) : end;
      if (connection) return connection;
      // Who was let in already does not stand behind the others again.
      first = true;
    }
  }

  /**
   * Waits until there is room for a client's connection, behind the requests that wait already. The
   * system keeps those who connect meanwhile. Where clients alone have been too many for a while it
   * does not: they are to be told.
   */
  async roomToAccept(): Promise<void> {
    if (this.#mayAccept()) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#accept = resolve;
    this.#tellCount();
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
    // Nearly always there is none: taking the array apart would cost every request more.
    const head = this.#line[0];
    const { pool } = connection;
    if (!head) return this.#offeredToClients(connection);
    const next = this.#line.find((one) => one.pool === pool);
    // Of few connections each replica gets its part: else one that has none yet never got any.
    const deprived = head.pool.size + 1 < pool.size;
    if (next && !deprived) this.#end(next, connection.handOver());
    else connection.close();
    return true;
  }

  closed(): void {
    this.#budget.leaveReplica();
    this.roomMade();
  }

  /** Something was closed: whoever waits may have room now. */
  roomMade(): void {
    this.#stalled = false;
    this.#admit();
  }

  /** A moment has gone by. Workers hear of each other's room, and make some for each other. */
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
      // Room shows once the connection is counted out.
      if (!this.#options.giveUp?.()) this.#refuseDoubtful(true);
      return this.crowded;
    }
    this.#crowdedSince = Infinity;
    if (this.#line.length > 0) return false;
    return this.#budget.hasRoom || (this.#makeRoom() && this.#budget.hasRoom);
  }

  #tellCount(): void {
    this.#budget.wait(this.#line.length + (this.#accept ? 1 : 0));
  }

  #roomNow(pool: InstancePool): boolean {
    return this.#line.length === 0 && this.#enter(pool);
  }

  #enter(pool: InstancePool): boolean {
    if (this.#stalled) return false;
    const entered = () => this.#budget.enterReplica();
    if (!entered() && !(this.#makeRoom() && entered())) return false;
    pool.opening++;
    return true;
  }

  /** @returns undefined where there is no file for it after all */
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

  async #wait(
    pool: InstancePool,
    caller: Caller,
    until: number,
    first: boolean,
  ): Promise<WaitEnd> {
    const wait: Wait = new Wait(pool, caller, until, () => this.#end(wait, "late"));
    if (first) this.#line.unshift(wait);
    else this.#line.push(wait);
    this.#tellCount();
    this.#options.deadlines.add(wait);
    caller.hold(() => this.#end(wait, "left"));
    const end = await wait.ended.promise;
    caller.unhold();
    return end;
  }

  #admit(): void {
    // What is closed to make room ends up here, too.
    if (this.#admitting) return;
    this.#admitting = true;
    for (let [head] = this.#line; head && this.#enter(head.pool); [head] = this.#line) {
      this.#end(head, "room");
    }
    if (this.#accept && this.#mayAccept()) {
      this.#accept();
      this.#accept = undefined;
      this.#tellCount();
    }
    this.#admitting = false;
  }

  #end(wait: Wait, end: WaitEnd): void {
    const at = this.#line.indexOf(wait);
    if (at < 0) return;
    this.#line.splice(at, 1);
    this.#tellCount();
    this.#options.deadlines.delete(wait);
    wait.ended.resolve(end);
  }

  /** Closes the connection that is needed least. @returns whether there was one */
  #makeRoom(): boolean {
    return this.#options.giveUp?.() || this.#closeOldest() || this.#refuseDoubtful();
  }

  /** Whether a request waits whose client is there for sure, or a new client. */
  get #hasCertain(): boolean {
    return this.#accept !== undefined || this.#line.some(({ caller }) => !caller.mayBeGone);
  }

  /**
   * Refuses a request whose client has ended its side, for the sake of another one. Such a client
   * cannot be told from one that is gone, and keeps a file as long as its request waits. Where all
   * clients have ended their sides none is preferred to another.
   *
   * @param needed whether another request, or a new client, needs the file for sure
   * @returns whether there was one; its file shows as room once its connection is counted out
   */
  #refuseDoubtful(
    needed = this.#hasCertain || this.#budget.waitingElsewhere > 0,
  ): boolean {
    if (this.#options.refuseDoubtful?.()) return true;
    if (!needed) return false;
    const doubtful = this.#line.find(({ caller }) => caller.mayBeGone);
    if (doubtful) this.#end(doubtful, "late");
    return doubtful !== undefined;
  }

  /** Closes the connection that has been unused for longest. @returns whether there was one */
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
