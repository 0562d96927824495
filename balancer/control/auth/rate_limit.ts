/**
 * How often somebody may be wrong about a token: who guesses is slowed down, and nobody else.
 *
 * @module
 */
import ipaddr from "ipaddr.js";
import { type Bucket, EMPTY, waitMs, withOne } from "./leaky_bucket.ts";

/** The failures of one address that are forgiven. */
const EACH: Bucket = { burst: 10, everyMs: 10_000 };

/** The failures of all addresses. */
const ALL: Bucket = { burst: 100, everyMs: 1000 };

/** So many addresses are remembered; the one that failed longest ago is forgotten first. */
const MAX_ADDRESSES = 4096;

/** Counts failures by address. */
export class FailureLimit {
  readonly #emptyAt = new Map<string, number>();
  #allEmptyAt = EMPTY;

  /** How many addresses it remembers. */
  get size(): number {
    return this.#emptyAt.size;
  }

  /**
   * How long an address has to wait before its next try. One that has not failed never waits,
   * whatever others do.
   *
   * @param address IP address of a client, or what stands for it
   * @param now milliseconds, by any clock that goes on
   * @returns milliseconds, 0 where it may try
   */
  waitMs(address: string, now: number): number {
    const emptyAt = this.#emptyAt.get(keyOf(address)) ?? EMPTY;
    // Where many fail together, an address gets no second try until its first is forgotten.
    const shared = Math.min(waitMs(this.#allEmptyAt, now, ALL), emptyAt - now);
    return Math.max(waitMs(emptyAt, now, EACH), shared, 0);
  }

  /**
   * Takes note of a failure.
   *
   * @param address IP address of a client, or what stands for it
   * @param now milliseconds, by the same clock
   */
  failed(address: string, now: number): void {
    const key = keyOf(address);
    const emptyAt = withOne(this.#emptyAt.get(key) ?? EMPTY, now, EACH);
    // Deleted first, so that the map is in the order of the last failures.
    this.#emptyAt.delete(key);
    this.#emptyAt.set(key, emptyAt);
    this.#allEmptyAt = withOne(this.#allEmptyAt, now, ALL);
    if (this.#emptyAt.size > MAX_ADDRESSES) this.#forgetOldest();
  }

  #forgetOldest(): void {
    for (const key of this.#emptyAt.keys()) return void this.#emptyAt.delete(key);
  }
}

/** Whoever has an IPv6 address has the other 2^64 of its network, too. */
function keyOf(address: string): string {
  if (!ipaddr.isValid(address)) return address;
  const parsed = ipaddr.process(address);
  if (parsed.kind() === "ipv4") return parsed.toString();
  return (parsed as ipaddr.IPv6).parts.slice(0, 4).join(":");
}
