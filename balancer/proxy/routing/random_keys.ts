/**
 * Random keys for the affinity cookie.
 *
 * @module
 */
import { AFFINITY_BYTES } from "./affinity_value.ts";

/** Number of keys that one call of the random generator pays for. */
const KEYS_AT_ONCE = 256;

const BASE64URL = { alphabet: "base64url" } as const;

/** Generates keys of 144 random bits in base64url; the random bytes are taken from a pool. */
export class RandomKeys {
  readonly #pool = new Uint8Array(KEYS_AT_ONCE * AFFINITY_BYTES);
  /** Index of the first unused byte. */
  #at = this.#pool.length;

  /** A new key. */
  next(): string {
    const pool = this.#pool;
    if (this.#at === pool.length) {
      crypto.getRandomValues(pool);
      this.#at = 0;
    }
    const start = this.#at;
    this.#at += AFFINITY_BYTES;
    return pool.subarray(start, this.#at).toBase64(BASE64URL);
  }
}
