/**
 * Bounds of reading bytes that are dropped. A server that closes a connection while its peer still
 * sends resets it, and the reset may destroy a response that the peer has not read yet; so the
 * bytes are read for a while (RFC 9112, section 9.6).
 *
 * @module
 */
import type { Proxy } from "./proxy.ts";

/** How long, and how much, is read of what is dropped. */
export interface LingerSettings {
  /** Milliseconds to wait for more bytes. */
  readonly readMs: number;
  /** Milliseconds in all. */
  readonly totalMs: number;
  /** Bytes in all. */
  readonly bytes: number;
}

/** The bounds that nginx has, and a number of bytes that costs less than a second of CPU. */
export const LINGER: LingerSettings = { readMs: 5000, totalMs: 30_000, bytes: 2 ** 30 };

/** What is left of the time and the bytes for one connection. */
export class DropBudget {
  readonly #proxy: Pick<Proxy, "deadlines" | "settings">;
  readonly #until: number;
  #bytes: number;

  /** @param proxy the worker: its settings and its clock */
  constructor(proxy: Pick<Proxy, "deadlines" | "settings">) {
    const { totalMs, bytes } = proxy.settings.linger;
    this.#proxy = proxy;
    this.#until = proxy.deadlines.in(totalMs);
    this.#bytes = bytes;
  }

  /** Until when the next bytes are waited for, by the clock of the deadlines. */
  deadline(): number {
    return Math.min(this.#proxy.deadlines.in(this.#proxy.settings.linger.readMs), this.#until);
  }

  /** Takes note of bytes that were dropped. @returns whether more may be read */
  drop(bytes: number): boolean {
    this.#bytes -= bytes;
    return this.#bytes > 0;
  }
}
