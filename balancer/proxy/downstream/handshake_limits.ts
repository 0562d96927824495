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

/** Counts the handshakes of one worker. */
export class HandshakeLimits {
  readonly #most: number;
  readonly #mostOfOne: number;
  readonly #byAddress = new Map<string, number>();
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
   * @param address the client's address
   * @param shared whether many clients use the address: only the worker's bound holds for it
   * @returns whether it may begin; {@linkcode leave} must follow only then
   */
  enter(address: string, shared: boolean): boolean {
    const ofOne = this.#byAddress.get(address) ?? 0;
    if (this.#count >= this.#most || (!shared && ofOne >= this.#mostOfOne)) return false;
    this.#count++;
    this.#byAddress.set(address, ofOne + 1);
    return true;
  }

  /** Counts a handshake out. */
  leave(address: string): void {
    const ofOne = this.#byAddress.get(address) ?? 0;
    this.#count--;
    if (ofOne > 1) this.#byAddress.set(address, ofOne - 1);
    else this.#byAddress.delete(address);
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
