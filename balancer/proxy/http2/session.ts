/**
 * The server's side of one connection of HTTP/2, without its I/O: bytes come in, events and frames
 * go out.
 *
 * @module
 */
import {
  COMPRESSION_ERROR,
  ConnectionError,
  ENHANCE_YOUR_CALM,
  FLOW_CONTROL_ERROR,
  PROTOCOL_ERROR,
  STREAM_CLOSED,
} from "./error_code.ts";
import { ControlFrames } from "./control_frames.ts";
import { FieldBlock } from "./field_block.ts";
import * as frame from "./frame.ts";
import { checkFrame, checkPriority, protocol, sized, unpad } from "./frame_rules.ts";
import type { BufferLender } from "./frame_writer.ts";
import { HpackDecoder } from "./hpack_decoder.ts";
import { RequestFields } from "./request_fields.ts";
import type { SessionLimits, SessionListener } from "./session_state.ts";
import type { Stream } from "./stream.ts";

/** A decoded list this many times larger than the limit ends the connection. */
const BOMB = 4;

/** Protocol state of one connection. */
export class Session extends ControlFrames {
  /** Whether the client has sent its preface. */
  prefaced = false;
  readonly #decoder = new HpackDecoder();
  readonly #fields: RequestFields;
  readonly #block: FieldBlock;
  #settled = false;

  /**
   * @param limits limits of the connection
   * @param listener receives its events
   * @param buffers lends buffers for frames
   */
  constructor(limits: SessionLimits, listener: SessionListener, buffers: BufferLender) {
    super(limits, listener, buffers);
    this.#fields = new RequestFields(limits);
    this.#block = new FieldBlock(limits.headBytes + frame.MAX_PAYLOAD);
  }

  /** Whether a block of fields is incomplete. */
  get inBlock(): boolean {
    return this.#block.stream !== 0;
  }

  /**
   * Takes received bytes. An error of the client ends the connection: see {@linkcode error}.
   *
   * @param bytes buffer that holds them
   * @param start index of the first byte that was not taken yet
   * @param end index after the last byte
   * @returns index after the last byte taken: an incomplete frame is left
   */
  receive(bytes: Uint8Array<ArrayBuffer>, start: number, end: number): number {
    try {
      return this.#receive(bytes, start, end);
    } catch (error) {
      if (!(error instanceof ConnectionError)) throw error;
      this.fail(error);
      return end;
    }
  }

  #receive(bytes: Uint8Array<ArrayBuffer>, start: number, end: number): number {
    let at = this.prefaced ? start : this.#preface(bytes, start, end);
    if (!this.prefaced) return at;
    while (end - at >= frame.FRAME_HEADER_BYTES && this.error === undefined) {
      const length = frame.read24(bytes, at);
      const payload = at + frame.FRAME_HEADER_BYTES;
      checkFrame(bytes[at + 3]!, bytes[at + 4]!, length, frame.read31(bytes, at + 5));
      if (end - payload < length) break;
      this.#frame(bytes, payload, payload + length, bytes[at + 3]!, bytes[at + 4]!);
      at = payload + length;
    }
    return at;
  }

  /** RFC 9113, 3.4. */
  #preface(bytes: Uint8Array, start: number, end: number): number {
    const { PREFACE } = frame;
    const length = Math.min(end - start, PREFACE.length);
    for (let i = 0; i < length; i++) {
      if (bytes[start + i] !== PREFACE[i]) throw protocol("the preface of HTTP/2 is missing");
    }
    if (length < PREFACE.length) return start;
    this.prefaced = true;
    return start + length;
  }

  #frame(
    bytes: Uint8Array<ArrayBuffer>,
    start: number,
    end: number,
    type: number,
    flags: number,
  ): void {
    const id = frame.read31(bytes, start - 4);
    if (this.inBlock && (type !== frame.CONTINUATION || id !== this.#block.stream)) {
      throw protocol("a block of fields is interrupted by another frame");
    }
    if (!this.#settled) {
      if (type !== frame.SETTINGS || (flags & frame.ACK) !== 0) {
        throw protocol("the first frame must be SETTINGS");
      }
      this.#settled = true;
    }
    switch (type) {
      case frame.DATA:
        return this.#data(bytes, start, end, flags, id);
      case frame.HEADERS:
        return this.#headers(bytes, start, end, flags, id);
      case frame.CONTINUATION:
        return this.#continuation(bytes, start, end, flags, id);
      case frame.PRIORITY:
        return this.onPriority(bytes, start, id);
      case frame.RST_STREAM:
        return this.onReset(bytes, start, id);
      case frame.SETTINGS:
        return this.onSettings(bytes, start, end, flags);
      case frame.PING:
        return this.onPing(bytes, start, flags);
      case frame.GOAWAY:
        return this.onGoAway();
      case frame.WINDOW_UPDATE:
        return this.onWindowUpdate(bytes, start, id);
      case frame.PUSH_PROMISE:
        throw protocol("a client must not send PUSH_PROMISE");
      default:
        // RFC 9113, 4.1: unknown types are ignored.
        return this.budget.spend(1);
    }
  }

  /** RFC 9113, 6.1. */
  #data(bytes: Uint8Array, start: number, end: number, flags: number, id: number): void {
    const [from, to] = (flags & frame.PADDED) !== 0 ? unpad(bytes, start, end) : [start, end];
    const length = end - start;
    this.window.take(length);
    if (from === to && (flags & frame.END_STREAM) === 0) this.budget.spend(1);
    const stream = this.streams.get(id);
    // The window of the connection is shared: bytes that no stream takes are given back.
    if (!stream || !this.#accepts(stream, length, to - from)) {
      if (!stream) this.onClosed(id);
      return this.window.give(length, undefined);
    }
    stream.receiveWindow -= length;
    stream.buffered += to - from;
    stream.received += to - from;
    const padding = length - (to - from);
    if (padding > 0) this.window.give(padding, stream);
    if (to > from) stream.owner.onBody(bytes, from, to);
    if (!this.streams.has(id)) return;
    if ((flags & frame.END_STREAM) !== 0) this.endRequest(stream, undefined);
  }

  /** @returns false if the stream was reset */
  #accepts(stream: Stream, length: number, dataBytes: number): boolean {
    if (stream.remoteClosed) return this.#refuse(stream, STREAM_CLOSED);
    if (length > stream.receiveWindow) return this.#refuse(stream, FLOW_CONTROL_ERROR);
    // RFC 9113, 8.1.1: the sum of DATA is the content's length.
    const { expected, received } = stream;
    if (expected >= 0 && received + dataBytes > expected) {
      return this.#refuse(stream, PROTOCOL_ERROR);
    }
    return true;
  }

  #refuse(stream: Stream, code: number): false {
    this.streamError(stream, code);
    return false;
  }

  /** RFC 9113, 6.2. */
  #headers(
    bytes: Uint8Array<ArrayBuffer>,
    start: number,
    end: number,
    flags: number,
    id: number,
  ): void {
    if ((id & 1) === 0) throw protocol(`HEADERS on stream ${id}, which no client opens`);
    this.budget.spend(1);
    const padded = (flags & frame.PADDED) !== 0;
    let [from, to] = padded ? unpad(bytes, start, end) : [start, end];
    if ((flags & frame.WITH_PRIORITY) !== 0) {
      if (to - from < 5) throw sized("HEADERS is too short for its priority");
      checkPriority(bytes, from, id);
      from += 5;
    }
    const last = (flags & frame.END_STREAM) !== 0;
    if ((flags & frame.END_HEADERS) !== 0) return this.#blockEnded(bytes, from, to, id, last);
    this.#block.begin(id, last);
    this.#block.add(bytes, from, to);
  }

  /** RFC 9113, 6.10. */
  #continuation(
    bytes: Uint8Array,
    start: number,
    end: number,
    flags: number,
    id: number,
  ): void {
    if (!this.inBlock) throw protocol("CONTINUATION without HEADERS");
    this.budget.spend(1);
    const block = this.#block;
    if (!block.add(bytes, start, end)) {
      throw new ConnectionError(ENHANCE_YOUR_CALM, "a block of fields is too long");
    }
    if ((flags & frame.END_HEADERS) === 0) return;
    const { last } = block;
    const whole = block.end();
    this.#blockEnded(whole, 0, whole.length, id, last);
  }

  #blockEnded(
    bytes: Uint8Array<ArrayBuffer>,
    from: number,
    to: number,
    id: number,
    last: boolean,
  ): void {
    const stream = this.streams.get(id);
    const fields = this.#fields;
    fields.begin(stream !== undefined || id <= this.lastId);
    this.#decoder.decode(bytes, from, to, fields);
    if (fields.size > BOMB * this.limits.headBytes) {
      throw new ConnectionError(COMPRESSION_ERROR, "a list of fields is far too large");
    }
    if (stream) this.#trailers(stream, last);
    else if (id <= this.lastId) this.onReopened(id);
    else this.beginStream(id, fields, last);
  }

  /** RFC 9113, 8.1: the second block ends the request. */
  #trailers(stream: Stream, last: boolean): void {
    if (stream.remoteClosed) return this.streamError(stream, STREAM_CLOSED);
    const { malformed, tooLarge } = this.#fields;
    if (!last || malformed || tooLarge) return this.streamError(stream, PROTOCOL_ERROR);
    this.endRequest(stream, this.#fields.trailerLines());
  }
}
