/**
 * Limits wrong tokens by address: guessing is slowed down, and other addresses are not affected.
 *
 * @module
 */
import ipaddr from "ipaddr.js";
import { type Bucket, EMPTY, waitMs, withOne } from "./leaky_bucket.ts";

/** Failures of one address that are allowed. */
const EACH: Bucket = { burst: 10, everyMs: 10_000 };

/** Failures of all addresses together that are allowed. */
const ALL: Bucket = { burst: 100, everyMs: 1000 };

/** Limit on remembered addresses; the address that failed longest ago is forgotten first. */
const MAX_ADDRESSES = 4096;

/** Counts failures by address. */
export class FailureLimit {
  readonly #emptyAt = new Map<string, number>();
  #allEmptyAt = EMPTY;

  /** The number of remembered addresses. */
  get size(): number {
    return this.#emptyAt.size;
  }

  /**
   * Returns the time until an address may try again. An address without failures never waits, no
   * matter how many others fail.
   *
   * @param address IP address of a client, or its stand-in
   * @param now milliseconds, by any monotonic clock
   * @returns milliseconds; 0 if the address may try now
   */
  waitMs(address: string, now: number): number {
    const emptyAt = this.#emptyAt.get(keyOf(address)) ?? EMPTY;
    // While many addresses fail, an address gets no second try until its first is forgotten.
    const shared = Math.min(waitMs(this.#allEmptyAt, now, ALL), emptyAt - now);
    return Math.max(waitMs(emptyAt, now, EACH), shared, 0);
  }

  /**
   * Records a failure.
   *
   * @param address IP address of a client, or its stand-in
   * @param now milliseconds, by the same clock
   */
  failed(address: string, now: number): void {
    const key = keyOf(address);
    const emptyAt = withOne(this.#emptyAt.get(key) ?? EMPTY, now, EACH);
    // Deleted first, so that the map stays in the order of the last failures.
    this.#emptyAt.delete(key);
    this.#emptyAt.set(key, emptyAt);
    this.#allEmptyAt = withOne(this.#allEmptyAt, now, ALL);
    if (this.#emptyAt.size > MAX_ADDRESSES) this.#forgetOldest();
  }

  #forgetOldest(): void {
    for (const key of this.#emptyAt.keys()) return void this.#emptyAt.delete(key);
  }
}

/** IPv6 addresses count by /64 network: a client owns all 2^64 addresses of its network. */
function keyOf(address: string): string {
  if (!ipaddr.isValid(address)) return address;
  const parsed = ipaddr.process(address);
  if (parsed.kind() === "ipv4") return parsed.toString();
  return (parsed as ipaddr.IPv6).parts.slice(0, 4).join(":");
}
