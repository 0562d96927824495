/**
 * FNV-1a, a hash of bytes that is quick to compute and has a published form of 64 bits.
 *
 * Source of the algorithm: Fowler, Noll, Vo, Eastlake and Hansen, The FNV Non-Cryptographic Hash
 * Algorithm, draft-eastlake-fnv (IETF).
 *
 * @module
 */

/** The low word of the prime, which is 2^40 + 0x1b3. */
const PRIME = 0x1b3;

/**
 * The part of a product with the low word that carries into the high word: exact, because it scales
 * by a power of two.
 */
const CARRY = PRIME / 0x1_0000_0000;

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
    const low = this.#low ^ byte;
    // The shift is the product with 2^40, the rest that with the low word of the prime. All of it is
    // small or an integer product: truncating a sum above 2^32 instead takes V8 three times as long.
    this.#high = Math.imul(this.#high, PRIME) + (low << 8) + (((low >>> 0) * CARRY) | 0) | 0;
    this.#low = Math.imul(low, PRIME);
  }

  /**
   * Adds a number as two bytes, the less significant one first.
   *
   * @param value A whole number from 0 to 2^16 - 1.
   */
  addUint16(value: number): void {
    this.addByte(value & 0xff);
    this.addByte(value >>> 8);
  }

  /**
   * Adds a number as four bytes, least significant first.
   *
   * @param value A whole number from 0 to 2^32 - 1.
   */
  addUint32(value: number): void {
    this.addUint16(value & 0xffff);
    this.addUint16(value >>> 16);
  }

  /** The hash of all bytes so far, as 16 hexadecimal characters. */
  toString(): string {
    return hexadecimal(this.#high) + hexadecimal(this.#low);
  }
}

function hexadecimal(word: number): string {
  return (word >>> 0).toString(16).padStart(8, "0");
}
