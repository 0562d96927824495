/**
 * A TLS handshake under way.
 *
 * @module
 */
import type { Deadlines, Expiring } from "../transport/deadlines.ts";
import { closeQuietly } from "./proxy_heads.ts";

/**
 * Time, in milliseconds, that a handshake may wait for its client's bytes although others need its
 * place: several round trips.
 */
const PATIENCE_MS = 500;

/** Closes its connection at the deadline, or when another handshake needs its place. */
export class PendingHandshake implements Expiring {
  /** Whether the deadline has passed. */
  late = false;
  /** Whether another handshake has taken the place. */
  displaced = false;
  readonly deadlineAt: number;
  readonly #connection: Deno.TcpConn;
  readonly #clock: Pick<Deadlines, "now" | "in">;
  readonly #since: number;
  /** Whether it waits for the balancer, not for its client. */
  #queued = false;

  /**
   * @param connection the connection
   * @param address the client's address
   * @param shared whether many clients use the address
   * @param clock the clock
   * @param ms milliseconds for the handshake
   */
  constructor(
    connection: Deno.TcpConn,
    readonly address: string,
    readonly shared: boolean,
    clock: Pick<Deadlines, "now" | "in">,
    ms: number,
  ) {
    this.#connection = connection;
    this.#clock = clock;
    this.#since = clock.now;
    this.deadlineAt = clock.in(ms);
  }

  /** Whether its client has been silent for so long that another client may have the place. */
  get idle(): boolean {
    return !this.#queued && this.#clock.now - this.#since >= PATIENCE_MS;
  }

  /** Waits for its turn. @param turn undefined if there is room now */
  queue(turn: Promise<void> | undefined): Promise<void> | undefined {
    if (!turn) return undefined;
    this.#queued = true;
    return turn.then(() => {
      this.#queued = false;
    });
  }

  /** Gives its place to another handshake. */
  displace(): void {
    this.displaced = true;
    this.close();
  }

  onDeadline(): void {
    this.late = true;
    this.close();
  }

  close(): void {
    closeQuietly(this.#connection);
  }
}
