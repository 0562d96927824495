/**
 * Damages bytes in ways that have broken parsers.
 *
 * @module
 */

import type { Random } from "./fuzz_random.ts";

/** Bytes with a meaning in HTTP/1.1, and the neighbours of its character classes. */
const TELLING = [0, 9, 10, 13, 32, 34, 35, 37, 44, 45, 47, 48, 58, 59, 61, 63, 64, 91, 127, 255];
const PIECES = [
  "\r\n",
  "\r\n\r\n",
  "\r\n ",
  "\n",
  "\r",
  " ",
  "chunked",
  ", chunked",
  "Content-Length: 7\r\n",
  "Transfer-Encoding: chunked\r\n",
  "Connection: close, ",
  "Host: c\r\n",
  "0\r\n\r\n",
  "ffffffffffffffff",
  " HTTP/1.1",
].map((piece) => Uint8Array.from(piece, (letter) => letter.charCodeAt(0)));

/** A message in a buffer with room to grow. */
export class Mutator {
  /** The bytes; those from {@linkcode Mutator.length} on have no meaning. */
  readonly bytes: Uint8Array = new Uint8Array(8192);
  length = 0;
  readonly #random: Random;

  /** @param random source of the damage */
  constructor(random: Random) {
    this.#random = random;
  }

  /** Takes a message and damages it up to `most` times. */
  load(message: Uint8Array, most: number): void {
    this.bytes.set(message);
    this.length = message.length;
    for (let left = this.#random.below(most + 1); left > 0; left--) this.#damage();
  }

  #damage(): void {
    const random = this.#random;
    const at = random.below(this.length + 1);
    switch (random.below(7)) {
      case 0:
        if (at < this.length) this.bytes[at]! ^= 1 << random.below(8);
        break;
      case 1:
        if (at < this.length) this.bytes[at] = random.pick(TELLING);
        break;
      case 2:
        this.#open(at, 1);
        this.bytes[at] = random.once(4) ? random.below(256) : random.pick(TELLING);
        break;
      case 3:
        this.#remove(at, 1 + random.below(random.once(4) ? 20 : 2));
        break;
      case 4:
        this.#insert(at, random.pick(PIECES));
        break;
      default:
        this.#repeat(at);
    }
  }

  #open(at: number, size: number): void {
    this.bytes.copyWithin(at + size, at, this.length);
    this.length += size;
  }

  #remove(at: number, size: number): void {
    const to = Math.min(this.length, at + size);
    this.bytes.copyWithin(at, to, this.length);
    this.length -= to - at;
  }

  #insert(at: number, piece: Uint8Array): void {
    this.#open(at, piece.length);
    this.bytes.set(piece, at);
  }

  /** Repeats a piece of the message, at the same index or at another. */
  #repeat(at: number): void {
    const end = Math.min(this.length, at + 1 + this.#random.below(40));
    const piece = this.bytes.slice(at, end);
    this.#insert(this.#random.once(2) ? at : this.#random.below(this.length + 1), piece);
  }
}
