/**
 * Frames that wait to be sent.
 *
 * @module
 */
import { copy } from "../http1/writer.ts";
import * as frame from "./frame.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** Lends buffers. */
export interface BufferLender {
  /** Lends a buffer of at least that many bytes. */
  take(bytes: number): Bytes;
  /** Takes a buffer back. */
  give(buffer: Bytes): void;
}

/** Size of the buffers that a lender has. */
const SMALL = 4096;
const LARGE = 128 * 1024;

/** A batch of frames in one buffer. The buffer is lent only while frames wait. */
export class FrameWriter {
  /** Number of bytes that wait. */
  length = 0;
  readonly #buffers: BufferLender;
  #buffer: Bytes | undefined;

  /** @param buffers lends the buffers */
  constructor(buffers: BufferLender) {
    this.#buffers = buffers;
  }

  /**
   * Hands the frames over.
   *
   * @returns the buffer, to be given back with {@linkcode recycle}; undefined if nothing waits
   */
  take(): Bytes | undefined {
    const buffer = this.#buffer;
    this.#buffer = undefined;
    this.length = 0;
    return buffer;
  }

  /** Returns a buffer that was sent. */
  recycle(buffer: Bytes): void {
    if (buffer.length === SMALL || buffer.length === LARGE) this.#buffers.give(buffer);
  }

  /** Makes room. @returns the buffer, in which {@linkcode length} bytes are used */
  reserve(bytes: number): Bytes {
    const needed = this.length + bytes;
    const before = this.#buffer;
    if (before && before.length >= needed) return before;
    const size = needed <= SMALL ? SMALL : needed <= LARGE ? LARGE : 0;
    const buffer = size > 0 ? this.#buffers.take(size) : new Uint8Array(2 * needed);
    if (before) {
      buffer.set(before.subarray(0, this.length));
      this.recycle(before);
    }
    return this.#buffer = buffer;
  }

  /** Writes a frame whose payload is one number of four bytes. */
  number(type: number, stream: number, value: number): void {
    const at = this.#header(4, type, 0, stream);
    this.length = frame.write32(this.#buffer!, at, value);
  }

  /** Writes SETTINGS. @param settings identifiers and values */
  settings(settings: readonly (readonly [id: number, value: number])[]): void {
    let at = this.#header(6 * settings.length, frame.SETTINGS, 0, 0);
    const out = this.#buffer!;
    for (const [id, value] of settings) {
      out[at++] = id >>> 8;
      out[at++] = id;
      at = frame.write32(out, at, value);
    }
    this.length = at;
  }

  /** Writes an acknowledgement of SETTINGS. */
  settingsAck(): void {
    this.length = this.#header(0, frame.SETTINGS, frame.ACK, 0);
  }

  /**
   * Writes PING.
   *
   * @param bytes buffer that holds its eight bytes
   * @param start index of the first one
   * @param ack whether it answers the peer's
   */
  ping(bytes: Uint8Array, start: number, ack: boolean): void {
    const at = this.#header(8, frame.PING, ack ? frame.ACK : 0, 0);
    this.length = copy(this.#buffer!, at, bytes, start, start + 8);
  }

  /**
   * Writes GOAWAY.
   *
   * @param last the last stream that is served
   * @param code the error code
   * @param reason text for the peer's log, in ASCII
   */
  goAway(last: number, code: number, reason: string): void {
    const text = new TextEncoder().encode(reason);
    let at = this.#header(8 + text.length, frame.GOAWAY, 0, 0);
    const out = this.#buffer!;
    at = frame.write32(out, at, last);
    at = frame.write32(out, at, code);
    this.length = copy(out, at, text, 0, text.length);
  }

  /** Writes DATA. */
  data(stream: number, bytes: Uint8Array, start: number, end: number, last: boolean): void {
    const at = this.#header(end - start, frame.DATA, last ? frame.END_STREAM : 0, stream);
    this.length = copy(this.#buffer!, at, bytes, start, end);
  }

  /**
   * Begins HEADERS; the caller writes the block at {@linkcode length} and calls {@linkcode
   * endHeaders}.
   *
   * @param room largest length of the block
   * @returns the buffer
   */
  beginHeaders(room: number): Bytes {
    // A long block is split later: each further frame needs a header.
    const headers = 2 + Math.ceil(room / frame.MAX_PAYLOAD);
    const out = this.reserve(room + headers * frame.FRAME_HEADER_BYTES);
    this.length += frame.FRAME_HEADER_BYTES;
    return out;
  }

  /**
   * Ends HEADERS: writes the header before the block, and splits a block that is too long.
   *
   * @param stream the stream
   * @param start index of the block's first byte
   * @param end index after its last byte
   * @param last whether the stream ends
   */
  endHeaders(stream: number, start: number, end: number, last: boolean): void {
    const out = this.#buffer!;
    const flags = last ? frame.END_STREAM : 0;
    const length = Math.min(end - start, frame.MAX_PAYLOAD);
    const whole = length === end - start;
    const ends = whole ? frame.END_HEADERS : 0;
    const { FRAME_HEADER_BYTES: header, HEADERS } = frame;
    frame.writeFrameHeader(out, start - header, length, HEADERS, flags | ends, stream);
    this.length = whole ? end : this.#continue(out, stream, start + length, end);
  }

  #continue(out: Bytes, stream: number, start: number, end: number): number {
    const length = Math.min(end - start, frame.MAX_PAYLOAD);
    const header = frame.FRAME_HEADER_BYTES;
    out.copyWithin(start + header, start, end);
    const whole = length === end - start;
    const flags = whole ? frame.END_HEADERS : 0;
    frame.writeFrameHeader(out, start, length, frame.CONTINUATION, flags, stream);
    const at = start + header + length;
    return whole ? at : this.#continue(out, stream, at, end + header);
  }

  #header(length: number, type: number, flags: number, stream: number): number {
    const out = this.reserve(frame.FRAME_HEADER_BYTES + length);
    return frame.writeFrameHeader(out, this.length, length, type, flags, stream);
  }
}
