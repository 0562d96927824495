/**
 * The request of a stream as bytes of HTTP/1.1, read piece by piece.
 *
 * @module
 */
import { writeChunkHeader } from "../http1/chunked.ts";
import { ascii, copy } from "../http1/writer.ts";

type Bytes = Uint8Array<ArrayBuffer>;

const NOTHING: Bytes = new Uint8Array(0);
const LINE_END = ascii("\r\n");
const LAST_CHUNK = ascii("0\r\n");
/** Room for the header of a chunk. */
const CHUNK_HEADER = 20;
const SMALLEST = 4096;
/** A larger buffer is not kept when it is empty. */
const LARGEST_KEPT = 128 * 1024;

/** A head, and the body behind it: as it is, or in chunks. */
export class StreamInput {
  /** Framing or a head that is to be read before the body goes on. */
  #text: Uint8Array = NOTHING;
  #textAt = 0;
  #body: Bytes = NOTHING;
  #start = 0;
  #end = 0;
  #chunked = false;
  /** Bytes of the present chunk that are not read yet. */
  #chunk = 0;
  /** Lines of the trailer section, once the body is complete. */
  #trailers: Uint8Array | undefined;
  #finished = true;

  /**
   * Begins a request.
   *
   * @param head its head
   * @param chunked whether its body is sent in chunks
   */
  begin(head: Uint8Array, chunked: boolean): void {
    if (this.#body.length > SMALLEST) this.#body = NOTHING;
    this.#text = head;
    this.#textAt = 0;
    this.#start = this.#end = this.#chunk = 0;
    this.#chunked = chunked;
    this.#trailers = undefined;
    this.#finished = false;
  }

  /** Adds a part of the body; the caller bounds their sum. */
  add(bytes: Uint8Array, from: number, to: number): void {
    const length = to - from;
    if (this.#end + length > this.#body.length) this.#makeRoom(length);
    this.#end = copy(this.#body, this.#end, bytes, from, to);
  }

  #makeRoom(length: number): void {
    const used = this.#end - this.#start;
    const needed = used + length;
    const target = needed <= this.#body.length
      ? this.#body
      : new Uint8Array(Math.max(SMALLEST, 2 * needed));
    target.set(this.#body.subarray(this.#start, this.#end));
    this.#body = target;
    this.#start = 0;
    this.#end = used;
  }

  /** The body is complete. @param trailers lines of its trailer section */
  finish(trailers: Uint8Array = NOTHING): void {
    this.#trailers = trailers;
  }

  /** Drops what was not read. */
  clear(): void {
    this.#text = this.#body = NOTHING;
    this.#textAt =
      this.#start =
      this.#end =
      this.#chunk =
        0;
    this.#finished = true;
  }

  /** Whether there is something to read. */
  get readable(): boolean {
    return this.#textAt < this.#text.length || this.#start < this.#end ||
      (!this.#finished && this.#trailers !== undefined && this.#chunked);
  }

  /**
   * Reads.
   *
   * @param into is filled from its beginning
   * @param onBody receives the number of bytes of the body that were read
   * @returns number of bytes
   */
  read(into: Uint8Array, onBody: (bytes: number) => void): number {
    let at = 0;
    let bodyBytes = 0;
    while (at < into.length && (this.#textAt < this.#text.length || this.#next())) {
      const text = this.#textAt < this.#text.length;
      const from = text ? this.#textAt : this.#start;
      const available = text ? this.#text.length - from : this.#available;
      const count = Math.min(available, into.length - at);
      at = copy(into, at, text ? this.#text : this.#body, from, from + count);
      if (text) this.#textAt += count;
      else {
        this.#taken(count);
        bodyBytes += count;
      }
    }
    if (this.#start === this.#end && this.#body.length > LARGEST_KEPT) this.#body = NOTHING;
    if (bodyBytes > 0) onBody(bodyBytes);
    return at;
  }

  get #available(): number {
    return this.#chunked ? this.#chunk : this.#end - this.#start;
  }

  #taken(count: number): void {
    this.#start += count;
    if (this.#start === this.#end) this.#start = this.#end = 0;
    if (!this.#chunked) return;
    this.#chunk -= count;
    if (this.#chunk === 0) this.#say(LINE_END);
  }

  /** Prepares the next part. @returns whether there is one */
  #next(): boolean {
    if (this.#available > 0) return true;
    if (!this.#chunked) return false;
    if (this.#end > this.#start) {
      this.#chunk = this.#end - this.#start;
      const header = new Uint8Array(CHUNK_HEADER);
      this.#say(header.subarray(0, writeChunkHeader(header, 0, this.#chunk)));
      return true;
    }
    if (this.#trailers === undefined || this.#finished) return false;
    this.#finished = true;
    this.#say(concat(LAST_CHUNK, this.#trailers, LINE_END));
    return true;
  }

  #say(text: Uint8Array): void {
    this.#text = text;
    this.#textAt = 0;
  }
}

function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) at = copy(out, at, part, 0, part.length);
  return out;
}
