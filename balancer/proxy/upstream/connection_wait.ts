/**
 * The waits of requests for a connection, in order.
 *
 * @module
 */
import type { Deadlines, Expiring } from "../transport/deadlines.ts";
import type { InstancePool } from "./connection_pool.ts";
import type { UpstreamConnection } from "./upstream_connection.ts";

/** A request that needs a connection. */
export interface Caller {
  /** Whether its client has ended its side, and may be gone. */
  readonly mayBeGone: boolean;
  /** The request waits from now on; `leave` ends the wait. */
  hold(leave: () => void): void;
  /** The request no longer waits. */
  unhold(): void;
}

/** How a wait ended: with a returned connection, with room for a new one, or with neither. */
type WaitEnd = UpstreamConnection | "room" | "late" | "left";

/** One wait. */
class ConnectionWait implements Expiring {
  readonly ended = Promise.withResolvers<WaitEnd>();

  constructor(
    readonly pool: InstancePool,
    readonly caller: Caller,
    readonly deadlineAt: number,
    readonly onDeadline: () => void,
  ) {}
}

/** The waits of one worker, first come first served. */
export class ConnectionWaits {
  readonly #waits: ConnectionWait[] = [];
  readonly #deadlines: Deadlines;
  readonly #onCount: () => void;

  /**
   * @param deadlines ends waits at their deadlines
   * @param onCount receives each change of the number of waits
   */
  constructor(deadlines: Deadlines, onCount: () => void) {
    this.#deadlines = deadlines;
    this.#onCount = onCount;
  }

  /** Number of waiting requests. */
  get count(): number {
    return this.#waits.length;
  }

  /** The wait whose turn is next. */
  get first(): ConnectionWait | undefined {
    return this.#waits[0];
  }

  /** Whether a client that is certainly there waits. */
  get hasCertain(): boolean {
    return this.#waits.some(({ caller }) => !caller.mayBeGone);
  }

  /** The first wait for a connection of a pool. */
  firstFor(pool: InstancePool): ConnectionWait | undefined {
    return this.#waits.find((wait) => wait.pool === pool);
  }

  /**
   * Waits until the wait is ended by its deadline, by its caller, or by {@linkcode end}.
   *
   * @param pool the pool of the instance
   * @param caller the request
   * @param until deadline, by the clock of the deadlines
   * @param first wait before the others
   */
  async wait(
    pool: InstancePool,
    caller: Caller,
    until: number,
    first: boolean,
  ): Promise<WaitEnd> {
    const wait: ConnectionWait = new ConnectionWait(
      pool,
      caller,
      until,
      () => this.end(wait, "late"),
    );
    if (first) this.#waits.unshift(wait);
    else this.#waits.push(wait);
    this.#onCount();
    this.#deadlines.add(wait);
    caller.hold(() => this.end(wait, "left"));
    const end = await wait.ended.promise;
    caller.unhold();
    return end;
  }

  /** Ends a wait; no effect on a wait that has ended. */
  end(wait: ConnectionWait, end: WaitEnd): void {
    const at = this.#waits.indexOf(wait);
    if (at < 0) return;
    this.#waits.splice(at, 1);
    this.#onCount();
    this.#deadlines.delete(wait);
    wait.ended.resolve(end);
  }

  /** Ends a wait whose client may be gone. @returns whether there was one */
  refuseDoubtful(): boolean {
    const doubtful = this.#waits.find(({ caller }) => caller.mayBeGone);
    if (doubtful) this.end(doubtful, "late");
    return doubtful !== undefined;
  }
}
