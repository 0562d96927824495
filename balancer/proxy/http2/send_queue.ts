/**
 * The streams that wait until they may send: first in, first out, one piece each.
 *
 * @module
 */
import type { FrameWriter } from "./frame_writer.ts";
import type { FrameBudget } from "./frame_budget.ts";
import type { PeerSettings } from "./settings.ts";
import type { Stream } from "./stream.ts";

/** No more DATA is added once this many bytes of frames wait. */
const MOST_WAITING = 64 * 1024;

/** Longest piece of a stream in its turn. */
const PIECE = 16_384;

/** The part of a session that sending needs. */
interface SendState {
  readonly frames: FrameWriter;
  readonly budget: FrameBudget;
  readonly peer: PeerSettings;
  /** Bytes that may be sent on the connection. */
  sendWindow: number;
  /** Tells the listener that frames wait. */
  notify(): void;
  /** This side of the stream has ended. */
  endResponse(stream: Stream): void;
}

/** Sends DATA within the windows, in turn. */
export class SendQueue {
  readonly #session: SendState;
  readonly #waiting = new Set<Stream>();
  /** Streams whose own window is used up. */
  readonly #stalled = new Set<Stream>();
  #running = false;

  /** @param session the session that sends */
  constructor(session: SendState) {
    this.#session = session;
  }

  /**
   * Sends a part of a body.
   *
   * @param stream the stream
   * @param bytes buffer that holds the part
   * @param start index of its first byte
   * @param end index after its last byte
   * @param last whether the body ends with it
   * @returns number of bytes sent; with fewer than all, or an end that is not sent, the stream's
   *   owner is called when it may go on
   */
  send(stream: Stream, bytes: Uint8Array, start: number, end: number, last: boolean): number {
    if (start === end) {
      if (last) this.#data(stream, bytes, end, end, true, true);
      return 0;
    }
    // Streams that wait have their turn first.
    if (!this.#running && this.#waiting.size > 0) return this.#wait(stream);
    let at = start;
    const most = this.#running ? Math.min(end, start + PIECE) : end;
    while (at < most) {
      const count = this.#room(stream, most - at);
      if (count <= 0) break;
      this.#data(stream, bytes, at, at + count, last && at + count === end, at + count === end);
      at += count;
    }
    if (at < end) this.#wait(stream);
    return at - start;
  }

  /** Number of bytes that the next frame may carry. */
  #room(stream: Stream, wanted: number): number {
    const { frames, sendWindow, peer } = this.#session;
    if (frames.length >= MOST_WAITING) return 0;
    return Math.min(wanted, stream.sendWindow, sendWindow, peer.maxPayload, PIECE);
  }

  #data(
    stream: Stream,
    bytes: Uint8Array,
    start: number,
    end: number,
    last: boolean,
    whole: boolean,
  ): void {
    const session = this.#session;
    session.frames.data(stream.id, bytes, start, end, last);
    stream.sendWindow -= end - start;
    session.sendWindow -= end - start;
    session.budget.sent(end - start, whole);
    session.notify();
    if (last) session.endResponse(stream);
  }

  #wait(stream: Stream): 0 {
    stream.waiting = true;
    (stream.sendWindow > 0 ? this.#waiting : this.#stalled).add(stream);
    return 0;
  }

  /** The stream is closed. */
  remove(stream: Stream): void {
    if (!stream.waiting) return;
    stream.waiting = false;
    this.#waiting.delete(stream);
    this.#stalled.delete(stream);
  }

  /** All streams are closed. */
  clear(): void {
    this.#waiting.clear();
    this.#stalled.clear();
  }

  /** The window of a stream became larger. */
  windowOpened(stream: Stream): void {
    if (stream.sendWindow <= 0 || !this.#stalled.delete(stream)) return;
    this.#waiting.add(stream);
    this.run();
  }

  /** The windows of all streams became larger. */
  windowsOpened(): void {
    for (const stream of this.#stalled) {
      if (stream.sendWindow <= 0) continue;
      this.#stalled.delete(stream);
      this.#waiting.add(stream);
    }
    this.run();
  }

  /** Lets streams send in turn, as far as there is room: after frames were sent, or a window opened. */
  run(): void {
    if (this.#running) return;
    this.#running = true;
    for (const stream of this.#waiting) {
      if (this.#session.sendWindow <= 0 || this.#session.frames.length >= MOST_WAITING) break;
      // A stream that has more to send goes to the end.
      this.#waiting.delete(stream);
      stream.waiting = false;
      stream.owner.onWindow();
    }
    this.#running = false;
  }
}
