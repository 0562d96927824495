/**
 * The state of one connection of HTTP/2: its streams, windows and end, without the form of frames.
 *
 * @module
 */
import {
  CANCEL,
  ConnectionError,
  FLOW_CONTROL_ERROR,
  NO_ERROR,
  PROTOCOL_ERROR,
  REFUSED_STREAM,
  STREAM_CLOSED,
} from "./error_code.ts";
import * as frame from "./frame.ts";
import { FrameBudget } from "./frame_budget.ts";
import { protocol } from "./frame_rules.ts";
import { type BufferLender, FrameWriter } from "./frame_writer.ts";
import { HpackEncoder } from "./hpack_encoder.ts";
import { ReceiveWindow } from "./receive_window.ts";
import type { FieldLimits, RequestFields } from "./request_fields.ts";
import { ResetStreams } from "./reset_streams.ts";
import { SendQueue } from "./send_queue.ts";
import * as settings from "./settings.ts";
import { SkippedStreams } from "./skipped_streams.ts";
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
  /** Frames wait to be sent: called once until {@linkcode SessionState.frames} is emptied. */
  onFrames(): void;
  /** A stream was reset by the server. */
  onStreamError(code: number): void;
  /** The last stream has ended. */
  onIdle(): void;
}

/** Frames that a reset before a response costs: the request's work was in vain. */
export const RESET_COST = 4;

/** Opaque data of the PING whose answer shows that the client has read the first GOAWAY. */
export const DRAIN_PING = new TextEncoder().encode("draining");

/**
 * The state that both sides have agreed on. {@linkcode ControlFrames} and {@linkcode Session} extend
 * it by the frames of the client.
 */
export class SessionState {
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
  /** Bytes that may be sent on the connection. */
  sendWindow = frame.INITIAL_WINDOW;
  protected readonly limits: SessionLimits;
  protected readonly listener: SessionListener;
  protected readonly window: ReceiveWindow;
  /** The last stream that the client has opened. */
  protected lastId = 0;
  /** Whether the client has sent GOAWAY. */
  protected peerLeft = false;
  readonly #resets = new ResetStreams();
  readonly #skipped = new SkippedStreams();
  /** Streams above it are not served. */
  #lastServed = frame.MAX_WINDOW;
  #goingAway = false;
  #notified = false;

  /**
   * @param limits limits of the connection
   * @param listener receives its events
   * @param buffers lends buffers for frames
   */
  constructor(limits: SessionLimits, listener: SessionListener, buffers: BufferLender) {
    this.limits = limits;
    this.listener = listener;
    this.frames = new FrameWriter(buffers);
    this.window = new ReceiveWindow(this.frames, limits, () => this.notify());
    this.queue = new SendQueue(this);
  }

  /** Whether no further stream will be served: by announcement of either side. */
  get served(): boolean {
    return this.peerLeft || this.#lastServed < frame.MAX_WINDOW;
  }

  /** Sends the server's settings. */
  open(): void {
    const { streams, streamWindow, headBytes } = this.limits;
    this.frames.settings([
      [settings.MAX_CONCURRENT_STREAMS, streams],
      [settings.INITIAL_WINDOW_SIZE, streamWindow],
      [settings.MAX_HEADER_LIST_SIZE, headBytes],
    ]);
    this.window.open();
    this.notify();
  }

  /** Tells the listener that frames wait. */
  notify(): void {
    if (this.#notified) return;
    this.#notified = true;
    this.listener.onFrames();
  }

  /** The frames were taken. */
  taken(): void {
    this.#notified = false;
  }

  /** Ends the connection: GOAWAY, and every stream is reset. */
  fail(error: ConnectionError): void {
    if (this.error) return;
    this.error = error;
    this.frames.goAway(Math.min(this.lastId, this.#lastServed), error.code, error.message);
    this.notify();
    for (const stream of this.streams.values()) stream.owner.onReset(error.code);
    this.streams.clear();
    this.queue.clear();
  }

  /** The client's side of a stream has ended. @param trailers lines of its trailer section */
  protected endRequest(stream: Stream, trailers: Uint8Array | undefined): void {
    const { expected, received } = stream;
    if (expected >= 0 && received !== expected) return this.streamError(stream, PROTOCOL_ERROR);
    stream.remoteClosed = true;
    stream.owner.onRequestEnd(trailers);
    this.#closed(stream);
  }

  /** A frame for a stream that is not open: RFC 9113, 5.1. */
  protected onClosed(id: number): void {
    if (id > this.lastId || (id & 1) === 0) throw protocol(`a frame on idle stream ${id}`);
    // The client may not have seen the reset, or the end of service, yet.
    if (id > this.#lastServed || this.#resets.has(id)) return this.budget.spend(1);
    throw new ConnectionError(STREAM_CLOSED, `a frame on closed stream ${id}`);
  }

  /** HEADERS for a stream that is not open, and not above the last one: RFC 9113, 5.1.1. */
  protected onReopened(id: number): void {
    if (this.#skipped.has(id)) throw protocol(`stream ${id} is opened behind ${this.lastId}`);
    this.onClosed(id);
  }

  /** A new stream. @param last whether its request has no body */
  protected beginStream(id: number, fields: RequestFields, last: boolean): void {
    this.#skipped.opened(id, this.lastId);
    this.lastId = id;
    // RFC 9113, 6.8: the client repeats these requests on another connection.
    if (id > this.#lastServed) return;
    fields.conclude(last);
    if (this.streams.size >= this.limits.streams) return this.#refuseNew(id, REFUSED_STREAM);
    if (fields.malformed) return this.#refuseNew(id, PROTOCOL_ERROR);
    const stream = new Stream(id, this.peer.initialWindow, this.limits.streamWindow);
    stream.remoteClosed = last;
    stream.expected = fields.contentLength;
    this.streams.set(id, stream);
    stream.owner = this.listener.onRequest(stream, fields);
    if (last) stream.owner.onRequestEnd(undefined);
  }

  #refuseNew(id: number, code: number): void {
    this.#resets.add(id);
    this.frames.number(frame.RST_STREAM, id, code);
    this.notify();
    this.listener.onStreamError(code);
    this.budget.spend(RESET_COST);
  }

  /** RFC 9113, 6.9.2. */
  protected shiftWindows(change: number): void {
    if (change === 0) return;
    for (const stream of this.streams.values()) {
      stream.sendWindow += change;
      if (stream.sendWindow > frame.MAX_WINDOW) throw flow("SETTINGS makes a window too large");
    }
    if (change > 0) this.queue.windowsOpened();
  }

  /** RFC 9113, 6.9.1. */
  protected widen(more: number): void {
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
    this.window.give(bytes, stream);
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
    this.listener.onStreamError(code);
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
    this.endStream(stream, CANCEL);
  }

  protected endStream(stream: Stream, code: number): void {
    this.#forget(stream);
    stream.owner.onReset(code);
  }

  #forget(stream: Stream): void {
    if (!this.streams.delete(stream.id)) return;
    this.queue.remove(stream);
    if (!this.error) this.window.give(stream.buffered, undefined);
    stream.buffered = 0;
    if (this.streams.size === 0) this.listener.onIdle();
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
    this.#lastServed = this.lastId;
    this.frames.goAway(this.lastId, NO_ERROR, "");
    this.notify();
    if (this.streams.size === 0) this.listener.onIdle();
  }
}

function flow(message: string): ConnectionError {
  return new ConnectionError(FLOW_CONTROL_ERROR, message);
}
