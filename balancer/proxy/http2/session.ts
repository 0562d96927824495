/**
 * The server's side of one connection of HTTP/2, without its I/O: bytes come in, events and frames
 * go out.
 *
 * @module
 */
import {
  CANCEL,
  COMPRESSION_ERROR,
  ConnectionError,
  ENHANCE_YOUR_CALM,
  errorName,
  FLOW_CONTROL_ERROR,
  NO_ERROR,
  PROTOCOL_ERROR,
  REFUSED_STREAM,
  STREAM_CLOSED,
} from "./error_code.ts";
import * as frame from "./frame.ts";
import { FrameBudget } from "./frame_budget.ts";
import { checkFrame, checkPriority, protocol, sized, unpad } from "./frame_rules.ts";
import { type BufferLender, FrameWriter } from "./frame_writer.ts";
import { HpackDecoder } from "./hpack_decoder.ts";
import { HpackEncoder } from "./hpack_encoder.ts";
import { FieldBlock } from "./field_block.ts";
import { type FieldLimits, RequestFields } from "./request_fields.ts";
import { ReceiveWindow } from "./receive_window.ts";
import { ResetStreams } from "./reset_streams.ts";
import { SendQueue } from "./send_queue.ts";
import * as settings from "./settings.ts";
import { Stream, type StreamOwner } from "./stream.ts";

/** Limits of a connection. */
export interface SessionLimits extends FieldLimits {
  /** Most streams at once. */
  readonly streams: number;
  /** Bytes of a request's body that a client may send ahead, for each stream. */
  readonly streamWindow: number;
  /** The same for all streams together. */
  readonly connectionWindow: number;
}

/** Receives the requests of a connection, and its counts. None of these calls throws. */
export interface SessionListener {
  /**
   * A request begins.
   *
   * @param stream its stream
   * @param fields its head, valid during the call
   */
  onRequest(stream: Stream, fields: RequestFields): StreamOwner;
  /** Frames wait to be sent: called once until {@linkcode Session.frames} is emptied. */
  onFrames(): void;
  /** A stream was reset by the server. */
  onStreamError(code: number): void;
  /** The last stream has ended. */
  onIdle(): void;
}

/** A decoded list this many times larger than the limit ends the connection. */
const BOMB = 4;

/** What a reset costs, if no response had begun: the work of a request without its answer. */
const RESET_COST = 4;

/** Opaque data of the PING whose answer shows that the client has read the first GOAWAY. */
const DRAIN_PING = new TextEncoder().encode("draining");

/** Protocol state of one connection. */
export class Session {
  /** Frames that wait to be sent. */
  readonly frames: FrameWriter;
  /** Open streams by number. */
  readonly streams = new Map<number, Stream>();
  readonly encoder = new HpackEncoder();
  readonly budget = new FrameBudget();
  readonly peer = new settings.PeerSettings();
  /** Streams that wait until they may send. */
  readonly queue: SendQueue;
  /** The error that ended the connection. */
  error: ConnectionError | undefined;
  /** Whether the client has sent its preface and acknowledged our settings. */
  prefaced = false;
  acknowledged = false;
  /** Bytes that may be sent on the connection. */
  sendWindow = frame.INITIAL_WINDOW;
  readonly #limits: SessionLimits;
  readonly #listener: SessionListener;
  readonly #decoder = new HpackDecoder();
  readonly #fields: RequestFields;
  readonly #block: FieldBlock;
  readonly #resets = new ResetStreams();
  #settled = false;
  readonly #window: ReceiveWindow;
  /** The last stream that the client has opened. */
  #lastId = 0;
  /** Streams above it are not served. */
  #lastServed = frame.MAX_WINDOW;
  #goingAway = false;
  /** Whether the client has sent GOAWAY. */
  #peerLeft = false;
  #notified = false;

  /**
   * @param limits limits of the connection
   * @param listener receives its events
   * @param buffers lends buffers for frames
   */
  constructor(limits: SessionLimits, listener: SessionListener, buffers: BufferLender) {
    this.#limits = limits;
    this.#listener = listener;
    this.#fields = new RequestFields(limits);
    this.#block = new FieldBlock(limits.headBytes + frame.MAX_PAYLOAD);
    this.frames = new FrameWriter(buffers);
    this.#window = new ReceiveWindow(this.frames, limits, () => this.notify());
    this.queue = new SendQueue(this);
  }

  /** Whether a block of fields is incomplete. */
  get inBlock(): boolean {
    return this.#block.stream !== 0;
  }

  /** Whether no further stream will be served: by announcement of either side. */
  get served(): boolean {
    return this.#peerLeft || this.#lastServed < frame.MAX_WINDOW;
  }

  /** Sends the server's settings. */
  open(): void {
    const { streams, streamWindow, headBytes } = this.#limits;
    this.frames.settings([
      [settings.MAX_CONCURRENT_STREAMS, streams],
      [settings.INITIAL_WINDOW_SIZE, streamWindow],
      [settings.MAX_HEADER_LIST_SIZE, headBytes],
    ]);
    this.#window.open();
    this.notify();
  }

  /** Tells the listener that frames wait. */
  notify(): void {
    if (this.#notified) return;
    this.#notified = true;
    this.#listener.onFrames();
  }

  /** The frames were taken. */
  taken(): void {
    this.#notified = false;
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

  /** Ends the connection: GOAWAY, and every stream is reset. */
  fail(error: ConnectionError): void {
    if (this.error) return;
    this.error = error;
    this.frames.goAway(Math.min(this.#lastId, this.#lastServed), error.code, error.message);
    this.notify();
    for (const stream of this.streams.values()) stream.owner.onReset(error.code);
    this.streams.clear();
    this.queue.clear();
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
        return this.#priority(bytes, start, id);
      case frame.RST_STREAM:
        return this.#reset(bytes, start, id);
      case frame.SETTINGS:
        return this.#settings(bytes, start, end, flags);
      case frame.PING:
        return this.#ping(bytes, start, flags);
      case frame.GOAWAY:
        return this.#goAway();
      case frame.WINDOW_UPDATE:
        return this.#windowUpdate(bytes, start, id);
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
    this.#window.take(length);
    if (from === to && (flags & frame.END_STREAM) === 0) this.budget.spend(1);
    const stream = this.streams.get(id);
    // The window of the connection is shared: what no stream takes is given back.
    if (!stream || !this.#accepts(stream, length, to - from)) {
      if (!stream) this.#onClosed(id);
      return this.#window.give(length, undefined);
    }
    stream.receiveWindow -= length;
    stream.buffered += to - from;
    stream.received += to - from;
    const padding = length - (to - from);
    if (padding > 0) this.#window.give(padding, stream);
    if (to > from) stream.owner.onBody(bytes, from, to);
    if (!this.streams.has(id)) return;
    if ((flags & frame.END_STREAM) !== 0) this.#endRequest(stream, undefined);
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

  #endRequest(stream: Stream, trailers: Uint8Array | undefined): void {
    const { expected, received } = stream;
    if (expected >= 0 && received !== expected) return this.streamError(stream, PROTOCOL_ERROR);
    stream.remoteClosed = true;
    stream.owner.onRequestEnd(trailers);
    this.#closed(stream);
  }

  /** A frame for a stream that is not open: RFC 9113, 5.1. */
  #onClosed(id: number): void {
    if (id > this.#lastId || (id & 1) === 0) throw protocol(`a frame on idle stream ${id}`);
    // The client may not have seen the reset, or the end of service, yet.
    if (id > this.#lastServed || this.#resets.has(id)) return this.budget.spend(1);
    throw new ConnectionError(STREAM_CLOSED, `a frame on closed stream ${id}`);
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
    fields.begin(stream !== undefined || id <= this.#lastId);
    this.#decoder.decode(bytes, from, to, fields);
    if (fields.size > BOMB * this.#limits.headBytes) {
      throw new ConnectionError(COMPRESSION_ERROR, "a list of fields is far too large");
    }
    if (stream) this.#trailers(stream, last);
    else if (id <= this.#lastId) this.#onClosed(id);
    else this.#begin(id, last);
  }

  /** RFC 9113, 8.1: the second block ends the request. */
  #trailers(stream: Stream, last: boolean): void {
    if (stream.remoteClosed) return this.streamError(stream, STREAM_CLOSED);
    const { malformed, tooLarge } = this.#fields;
    if (!last || malformed || tooLarge) return this.streamError(stream, PROTOCOL_ERROR);
    this.#endRequest(stream, this.#fields.trailerLines());
  }

  #begin(id: number, last: boolean): void {
    this.#lastId = id;
    // RFC 9113, 6.8: the client repeats these requests on another connection.
    if (id > this.#lastServed) return;
    const fields = this.#fields;
    fields.conclude(last);
    if (this.streams.size >= this.#limits.streams) return this.#refuseNew(id, REFUSED_STREAM);
    if (fields.malformed) return this.#refuseNew(id, PROTOCOL_ERROR);
    const stream = new Stream(id, this.peer.initialWindow, this.#limits.streamWindow);
    stream.remoteClosed = last;
    stream.expected = fields.contentLength;
    this.streams.set(id, stream);
    stream.owner = this.#listener.onRequest(stream, fields);
    if (last) stream.owner.onRequestEnd(undefined);
  }

  #refuseNew(id: number, code: number): void {
    this.#resets.add(id);
    this.frames.number(frame.RST_STREAM, id, code);
    this.notify();
    this.#listener.onStreamError(code);
    this.budget.spend(RESET_COST);
  }

  /** RFC 9113, 6.3: priorities are ignored. */
  #priority(bytes: Uint8Array, start: number, id: number): void {
    checkPriority(bytes, start, id);
    this.budget.spend(1);
  }

  /** RFC 9113, 6.4. */
  #reset(bytes: Uint8Array, start: number, id: number): void {
    if (id > this.#lastId || (id & 1) === 0) throw protocol(`RST_STREAM on idle stream ${id}`);
    const stream = this.streams.get(id);
    const costly = stream !== undefined && !stream.responding;
    if (stream) this.#end(stream, frame.read32(bytes, start));
    this.budget.spend(costly ? RESET_COST : 1);
  }

  /** RFC 9113, 6.5. */
  #settings(bytes: Uint8Array, start: number, end: number, flags: number): void {
    if ((flags & frame.ACK) !== 0) {
      this.acknowledged = true;
      return this.budget.spend(1);
    }
    this.budget.spend(1);
    const { initialWindow, tableBytes } = this.peer;
    this.peer.read(bytes, start, end);
    if (this.peer.tableBytes !== tableBytes) this.encoder.limitTable(this.peer.tableBytes);
    this.#shiftWindows(this.peer.initialWindow - initialWindow);
    this.frames.settingsAck();
    this.notify();
  }

  /** RFC 9113, 6.9.2. */
  #shiftWindows(change: number): void {
    if (change === 0) return;
    for (const stream of this.streams.values()) {
      stream.sendWindow += change;
      if (stream.sendWindow > frame.MAX_WINDOW) throw flow("SETTINGS makes a window too large");
    }
    if (change > 0) this.queue.windowsOpened();
  }

  /** RFC 9113, 6.7. */
  #ping(bytes: Uint8Array, start: number, flags: number): void {
    this.budget.spend(1);
    if ((flags & frame.ACK) === 0) {
      this.frames.ping(bytes, start, true);
      this.notify();
    } else if (DRAIN_PING.every((byte, i) => byte === bytes[start + i])) this.endService();
  }

  /** RFC 9113, 6.8: the client opens no more streams. */
  #goAway(): void {
    this.budget.spend(1);
    this.#peerLeft = true;
    if (this.streams.size === 0) this.#listener.onIdle();
  }

  /** RFC 9113, 6.9. */
  #windowUpdate(bytes: Uint8Array, start: number, id: number): void {
    this.budget.spend(1);
    const more = frame.read31(bytes, start);
    if (id === 0) return this.#widen(more);
    const stream = this.streams.get(id);
    if (!stream) {
      if (id > this.#lastId || (id & 1) === 0) throw protocol(`a window of idle stream ${id}`);
      return;
    }
    if (more === 0) return this.streamError(stream, PROTOCOL_ERROR);
    stream.sendWindow += more;
    if (stream.sendWindow > frame.MAX_WINDOW) return this.streamError(stream, FLOW_CONTROL_ERROR);
    this.queue.windowOpened(stream);
  }

  #widen(more: number): void {
    if (more === 0) throw protocol("WINDOW_UPDATE of 0 bytes");
    this.sendWindow += more;
    if (this.sendWindow > frame.MAX_WINDOW) throw flow("the window of the connection is too large");
    this.queue.run();
  }

  /** Bytes of a request's body were consumed: the client may send as many. */
  consume(stream: Stream, bytes: number): void {
    // A closed stream has given everything back.
    if (!this.streams.has(stream.id)) return;
    stream.buffered -= bytes;
    this.#window.give(bytes, stream);
  }

  /** This side of the stream has ended: the response is sent. */
  endResponse(stream: Stream): void {
    stream.localClosed = true;
    this.budget.served();
    this.#closed(stream);
  }

  #closed(stream: Stream): void {
    if (stream.localClosed && stream.remoteClosed) this.#forget(stream);
  }

  /** An error of the client on one stream (RFC 9113, section 5.4.2). */
  streamError(stream: Stream, code: number): void {
    this.reset(stream, code);
    this.#listener.onStreamError(code);
    stream.owner.onReset(code);
    this.budget.spend(stream.responding ? 1 : RESET_COST);
  }

  /** Resets a stream; its owner knows. No effect on a closed one. */
  reset(stream: Stream, code: number): void {
    if (!this.streams.has(stream.id)) return;
    this.#resets.add(stream.id);
    this.frames.number(frame.RST_STREAM, stream.id, code);
    this.notify();
    this.#forget(stream);
  }

  /** The client has left in the middle of a request. */
  abandon(stream: Stream): void {
    this.#end(stream, CANCEL);
  }

  #end(stream: Stream, code: number): void {
    this.#forget(stream);
    stream.owner.onReset(code);
  }

  #forget(stream: Stream): void {
    if (!this.streams.delete(stream.id)) return;
    this.queue.remove(stream);
    if (!this.error) this.#window.give(stream.buffered, undefined);
    stream.buffered = 0;
    if (this.streams.size === 0) this.#listener.onIdle();
  }

  /**
   * Announces the end (RFC 9113, section 6.8): the client opens no more streams once it knows.
   * Streams that it has opened until then are served. {@linkcode endService} follows.
   */
  announceEnd(): void {
    if (this.#goingAway || this.error) return;
    this.#goingAway = true;
    this.frames.goAway(frame.MAX_WINDOW, NO_ERROR, "");
    this.frames.ping(DRAIN_PING, 0, false);
    this.notify();
  }

  /** Ends the service: streams that are opened from now on are not served. */
  endService(): void {
    if (this.#lastServed < frame.MAX_WINDOW || this.error) return;
    this.#goingAway = true;
    this.#lastServed = this.#lastId;
    this.frames.goAway(this.#lastId, NO_ERROR, "");
    this.notify();
    if (this.streams.size === 0) this.#listener.onIdle();
  }

  /** The state in words, for a log. */
  get reason(): string {
    const { error } = this;
    return error ? `${errorName(error.code)}: ${error.message}` : "";
  }
}

function flow(message: string): ConnectionError {
  return new ConnectionError(FLOW_CONTROL_ERROR, message);
}
