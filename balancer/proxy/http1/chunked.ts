/**
 * Chunked bodies: validated while their bytes are relayed.
 *
 * @module
 */

import { BYTE_CLASSES } from "./byte_class.ts";
import { CleanCopy } from "./clean_copy.ts";
import { isTrailerKind, nameKindOf } from "./field_kind.ts";

// States, in the order of the grammar of RFC 9112, 7.1.
const SIZE = 0;
const EXTENSION = 1;
const SIZE_LF = 2;
const DATA = 3;
const DATA_CR = 4;
const DATA_LF = 5;
const TRAILER_START = 6;
const TRAILER_NAME = 7;
const TRAILER_VALUE = 8;
const TRAILER_LF = 9;
const END_LF = 10;
const DONE = 11;
const MALFORMED = 12;

const MAX_SIZE = 2 ** 53 - 1;
const MAX_SIZE_DIGITS = 16;
const MAX_EXTENSION = 256;
const MAX_EXTENSION_EXCESS = 16384;
const MAX_TRAILERS = 8192;
/** Longer than the name of any field that must not be in a trailer section. */
const NAME_ROOM = 32;

/**
 * Validates a chunked body (RFC 9112, 7.1) that arrives in any pieces, and finds its end. Data is
 * skipped without inspection; its position is recorded as spans.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { ChunkScanner } from "./chunked.ts";
 *
 * const bytes = new TextEncoder().encode("5\r\nhello\r\n0\r\n\r\nGET /");
 * const scanner = new ChunkScanner();
 * assertEquals(scanner.scan(bytes, 0, bytes.length), 15);
 * assertEquals([scanner.done, scanner.dataBytes], [true, 5]);
 * assertEquals([...scanner.spans.subarray(0, 2 * scanner.spanCount)], [3, 8]);
 * ```
 */
export class ChunkScanner {
  /** Whether the end of the body was found. */
  done = false;
  /** Bytes of data so far, in all scans. */
  dataBytes = 0;
  /** Number of pairs in {@linkcode ChunkScanner.spans} that the last scan found. */
  spanCount = 0;
  /** Start and end of each piece of data that the last scan found. */
  spans: Int32Array = new Int32Array(32);
  #state = SIZE;
  /** Size of the chunk while it is read, then the remaining bytes of its data. */
  #size = 0;
  #digits = 0;
  #extension = 0;
  #extensionNamed = false;
  /** Extension bytes in excess of the data bytes. */
  #excess = 0;
  #trailers = 0;
  #nameLength = 0;
  readonly #name = new Uint8Array(NAME_ROOM);
  /** Records the parts of a replica's framing that are not forwarded; undefined for requests. */
  readonly #copy: CleanCopy | undefined;

  /**
   * @param copy set for responses: surplus zeros before a size, whitespace behind it and forbidden
   *   trailer fields are no fault then; they are recorded there and not forwarded
   */
  constructor(copy?: CleanCopy) {
    this.#copy = copy;
  }

  /** Prepares for the next body. */
  reset(): void {
    this.done = false;
    this.dataBytes = 0;
    this.spanCount = 0;
    this.#state = SIZE;
    this.#size = 0;
    this.#digits = 0;
    this.#extension = 0;
    this.#extensionNamed = false;
    this.#excess = 0;
    this.#trailers = 0;
    this.#nameLength = 0;
    this.#copy?.reset();
  }

  /**
   * Scans bytes that no earlier call has seen.
   *
   * @param bytes buffer that holds the bytes
   * @param from index of the first new byte
   * @param end index after the last byte
   * @returns index up to which the bytes belong to the body: `end` unless it is done; -1 if its
   *   framing is malformed, for this call and all later ones
   */
  scan(bytes: Uint8Array, from: number, end: number): number {
    this.spanCount = 0;
    this.#copy?.begin();
    let at = from;
    while (at < end && this.#state !== DONE) {
      if (this.#state === DATA) {
        at = this.#skipData(at, end);
        continue;
      }
      const byte = bytes[at]!;
      this.#state = this.#next(this.#state, byte);
      this.#copy?.taken(at, byte);
      at++;
      if (this.#state === MALFORMED) return -1;
    }
    this.done = this.#state === DONE;
    return this.#state === MALFORMED ? -1 : at;
  }

  #skipData(at: number, end: number): number {
    const to = end - at < this.#size ? end : at + this.#size;
    if (this.spanCount * 2 === this.spans.length) this.#growSpans();
    this.spans[this.spanCount * 2] = at;
    this.spans[this.spanCount * 2 + 1] = to;
    this.spanCount++;
    this.dataBytes += to - at;
    this.#size -= to - at;
    if (this.#size === 0) this.#state = DATA_CR;
    return to;
  }

  /** The state after a byte. One table of the grammar, which would be harder to read in parts. */
  #next(state: number, byte: number): number {
    switch (state) {
      case SIZE:
        return this.#sizeByte(byte);
      case EXTENSION:
        return this.#extensionByte(byte);
      case SIZE_LF:
        return byte === 10 ? this.#sizeEnded() : MALFORMED;
      case DATA_CR:
        return byte === 13 ? DATA_LF : MALFORMED;
      case DATA_LF:
        return byte === 10 ? SIZE : MALFORMED;
      case TRAILER_START:
        if (byte === 13) return END_LF;
        this.#copy?.beginTrailers();
        return this.#nameByte(byte);
      case TRAILER_NAME:
        return byte === 58 ? this.#nameEnded() : this.#nameByte(byte);
      case TRAILER_VALUE:
        return this.#valueByte(byte);
      case TRAILER_LF:
        return byte === 10 ? this.#trailerEnded() : MALFORMED;
      case END_LF:
        return byte === 10 ? DONE : MALFORMED;
      default:
        return MALFORMED;
    }
  }

  /**
   * RFC 9112, 7.1: at least one digit, and a size that a number can hold. Leading zeros have no
   * meaning: they count as extension bytes, which bounds them.
   */
  #sizeByte(byte: number): number {
    if ((BYTE_CLASSES[byte]! & 16) !== 0) {
      if (byte === 48 && this.#size === 0 && this.#digits > 0) {
        this.#copy?.cut();
        return ++this.#extension <= MAX_EXTENSION ? SIZE : MALFORMED;
      }
      this.#size = this.#size * 16 + (byte <= 57 ? byte - 48 : (byte | 32) - 87);
      const fits = ++this.#digits <= MAX_SIZE_DIGITS && this.#size <= MAX_SIZE;
      return fits ? SIZE : MALFORMED;
    }
    if (this.#digits === 0) return MALFORMED;
    if (byte === 13) return SIZE_LF;
    return this.#extensionByte(byte);
  }

  /** RFC 9112, 7.1.1: whitespace, ";" and then anything that a field value may hold. */
  #extensionByte(byte: number): number {
    if (byte === 13) return this.#extensionNamed || this.#copy ? SIZE_LF : MALFORMED;
    if ((BYTE_CLASSES[byte]! & 2) === 0 || ++this.#extension > MAX_EXTENSION) return MALFORMED;
    if (this.#extensionNamed) return EXTENSION;
    if (byte === 59) this.#extensionNamed = true;
    else if (byte !== 32 && byte !== 9) return MALFORMED;
    else this.#copy?.cut();
    return EXTENSION;
  }

  #sizeEnded(): number {
    this.#excess = Math.max(0, this.#excess + this.#extension - this.#size);
    if (this.#excess > MAX_EXTENSION_EXCESS) return MALFORMED;
    this.#digits = 0;
    this.#extension = 0;
    this.#extensionNamed = false;
    return this.#size === 0 ? TRAILER_START : DATA;
  }

  #nameByte(byte: number): number {
    if ((BYTE_CLASSES[byte]! & 1) === 0 || ++this.#trailers > MAX_TRAILERS) return MALFORMED;
    if (this.#nameLength < NAME_ROOM) this.#name[this.#nameLength++] = byte;
    return TRAILER_NAME;
  }

  /** RFC 9110, 6.5.1: no field that frames, routes or concerns the connection. */
  #nameEnded(): number {
    const kind = nameKindOf(this.#name, 0, this.#nameLength);
    this.#nameLength = 0;
    this.#trailers++;
    if (isTrailerKind(kind)) return TRAILER_VALUE;
    if (!this.#copy) return MALFORMED;
    this.#copy.dropTrailer();
    return TRAILER_VALUE;
  }

  #trailerEnded(): number {
    this.#copy?.endTrailer();
    return TRAILER_START;
  }

  #valueByte(byte: number): number {
    if (byte === 13) return TRAILER_LF;
    const allowed = (BYTE_CLASSES[byte]! & 2) !== 0 && ++this.#trailers <= MAX_TRAILERS;
    return allowed ? TRAILER_VALUE : MALFORMED;
  }

  #growSpans(): void {
    const larger = new Int32Array(this.spans.length * 2);
    larger.set(this.spans);
    this.spans = larger;
  }
}

/**
 * Writes the line before the data of a chunk: its size and CRLF.
 *
 * @param out buffer to write to, with room for 16 bytes
 * @param at index of the first byte to write
 * @param size bytes of data
 * @returns index after the last byte written
 */
export function writeChunkHeader(out: Uint8Array, at: number, size: number): number {
  let end = at + 1;
  for (let rest = size; rest >= 16; rest = Math.floor(rest / 16)) end++;
  let rest = size;
  for (let to = end - 1; to >= at; to--) {
    const digit = rest % 16;
    out[to] = digit < 10 ? 48 + digit : 87 + digit;
    rest = Math.floor(rest / 16);
  }
  out[end] = 13;
  out[end + 1] = 10;
  return end + 2;
}
