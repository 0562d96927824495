/**
 * Bounds of TLS handshakes, which cost a hundred times as much CPU as a small request. A worker has
 * a bounded number under way, of one address at most a quarter of them, and computes a few of them
 * in one turn of its event loop, so that established connections go on in between.
 *
 * @module
 */
import { HandshakeTurns } from "../transport/handshake_turns.ts";

/** The part of all handshakes that one address may have. */
const SHARE = 4;

/** A handshake under way. */
interface Pending {
  /** IP address of the client. */
  readonly address: string;
  /** Whether many clients use the address: only the worker's bound holds for it. */
  readonly shared: boolean;
  /** Whether it may lose its place. */
  readonly idle: boolean;
  /** Ends it; another one has its place. */
  displace(): void;
}

/**
 * Counts the handshakes of one worker. Where a bound is reached, the oldest idle handshake makes
 * room: of the same address, or of the one with most handshakes. So clients that connect and stay
 * silent do not close the port to others.
 */
export class HandshakeLimits<P extends Pending = Pending> {
  readonly #most: number;
  readonly #mostOfOne: number;
  readonly #byAddress = new Map<string, Set<P>>();
  readonly #turns = new HandshakeTurns();
  #count = 0;

  /** @param most most handshakes under way */
  constructor(most: number) {
    this.#most = most;
    this.#mostOfOne = Math.ceil(most / SHARE);
  }

  /** Number of handshakes under way. */
  get count(): number {
    return this.#count;
  }

  /**
   * Counts a handshake in.
   *
   * @param pending the handshake
   * @returns whether it may begin; {@linkcode leave} must follow only then
   */
  enter(pending: P): boolean {
    const { address, shared } = pending;
    const own = this.#byAddress.get(address);
    if (own && !shared && own.size >= this.#mostOfOne && !this.#displaceOne(own)) return false;
    if (this.#count >= this.#most && !this.#displaceOne(this.#largest())) return false;
    const ofOne = this.#byAddress.get(address);
    if (ofOne) ofOne.add(pending);
    else this.#byAddress.set(address, new Set([pending]));
    this.#count++;
    return true;
  }

  /** Counts a handshake out; once more has no effect. */
  leave(pending: P): void {
    const ofOne = this.#byAddress.get(pending.address);
    if (!ofOne?.delete(pending)) return;
    this.#count--;
    if (ofOne.size === 0) this.#byAddress.delete(pending.address);
  }

  /** @returns whether there was one that may lose its place */
  #displaceOne(handshakes: Iterable<P>): boolean {
    for (const pending of handshakes) {
      if (!pending.idle) continue;
      this.leave(pending);
      pending.displace();
      return true;
    }
    return false;
  }

  /** The handshakes of the address that has most; the oldest address of several. */
  #largest(): Iterable<P> {
    let largest: Set<P> | undefined;
    for (const handshakes of this.#byAddress.values()) {
      const [{ shared } = { shared: true }] = handshakes;
      if (!shared && handshakes.size > (largest?.size ?? 0)) largest = handshakes;
    }
    return largest ?? [];
  }

  /**
   * Waits for room in the event loop, first in, first out.
   *
   * @returns undefined if there is room now
   */
  turn(): Promise<void> | undefined {
    return this.#turns.next();
  }
}
