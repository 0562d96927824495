/**
 * FNV-1a, a hash of bytes that is quick to compute and has a published form of 64 bits.
 *
 * Source of the algorithm: Fowler, Noll, Vo, Eastlake and Hansen, The FNV Non-Cryptographic Hash
 * Algorithm, draft-eastlake-fnv (IETF).
 *
 * @module
 */

/**
 * An FNV-1a hash of 64 bits, fed byte by byte. The two words are kept apart, as JavaScript's
 * numbers hold 53 bits and a `BigInt` for each byte would make a digest a hundred times slower.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Fnv1a64 } from "./fnv1a.ts";
 *
 * const hash = new Fnv1a64();
 * hash.addByte(0x61);
 * assertEquals(hash.toString(), "af63dc4c8601ec8c");
 * ```
 */
export class Fnv1a64 {
  #high = 0xcbf29ce4 | 0;
  #low = 0x84222325 | 0;

  /**
   * Adds one byte.
   *
   * @param byte A whole number from 0 to 255.
   */
  addByte(byte: number): void {
    // The prime is 2^40 + 0x1b3: the shift is the first term, the two products are the second.
    const low = (this.#low ^ byte) >>> 0;
    const product = low * 0x1b3;
    this.#high = Math.imul(this.#high, 0x1b3) + (low << 8) + Math.floor(product / 0x1_0000_0000) |
      0;
    this.#low = product | 0;
  }

  /**
   * Adds a number as four bytes, least significant first.
   *
   * @param value A whole number from 0 to 2^32 - 1.
   */
  addUint32(value: number): void {
    for (let shift = 0; shift < 32; shift += 8) this.addByte((value >>> shift) & 0xff);
  }

  /** The hash of what has been added so far, as 16 hexadecimal characters. */
  toString(): string {
    return hexadecimal(this.#high) + hexadecimal(this.#low);
  }
}

function hexadecimal(word: number): string {
  return (word >>> 0).toString(16).padStart(8, "0");
}
