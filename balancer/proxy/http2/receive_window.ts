/**
 * The connection's window for DATA of the client (RFC 9113, section 5.2).
 *
 * @module
 */
import { ConnectionError, FLOW_CONTROL_ERROR } from "./error_code.ts";
import * as frame from "./frame.ts";
import type { FrameWriter } from "./frame_writer.ts";
import type { Stream } from "./stream.ts";

/** Bounds the bytes that wait in this process; consumed bytes are announced in larger parts. */
export class ReceiveWindow {
  readonly #frames: FrameWriter;
  readonly #streamWindow: number;
  readonly #connectionWindow: number;
  readonly #notify: () => void;
  #left: number;
  #consumed = 0;

  /**
   * @param frames takes the announcements
   * @param windows the windows that the client gets, in bytes
   * @param notify tells that frames wait
   */
  constructor(
    frames: FrameWriter,
    windows: { readonly streamWindow: number; readonly connectionWindow: number },
    notify: () => void,
  ) {
    this.#frames = frames;
    this.#streamWindow = windows.streamWindow;
    this.#connectionWindow = windows.connectionWindow;
    this.#left = windows.connectionWindow;
    this.#notify = notify;
  }

  /** Announces the window. It cannot begin smaller than the protocol's initial one. */
  open(): void {
    const more = this.#connectionWindow - frame.INITIAL_WINDOW;
    if (more > 0) this.#frames.number(frame.WINDOW_UPDATE, 0, more);
  }

  /**
   * DATA arrived.
   *
   * @param bytes length of its payload
   * @throws {ConnectionError} the client sent more than it may
   */
  take(bytes: number): void {
    this.#left -= bytes;
    if (this.#left >= 0) return;
    throw new ConnectionError(FLOW_CONTROL_ERROR, "DATA exceeds the window of the connection");
  }

  /** Bytes need no memory any more. @param stream the stream, if it is still open */
  give(bytes: number, stream: Stream | undefined): void {
    this.#consumed += bytes;
    if (this.#consumed * 2 >= this.#connectionWindow) this.#widen();
    if (!stream || stream.remoteClosed) return;
    stream.consumed += bytes;
    if (stream.consumed * 2 < this.#streamWindow) return;
    this.#frames.number(frame.WINDOW_UPDATE, stream.id, stream.consumed);
    stream.receiveWindow += stream.consumed;
    stream.consumed = 0;
    this.#notify();
  }

  #widen(): void {
    this.#frames.number(frame.WINDOW_UPDATE, 0, this.#consumed);
    this.#left += this.#consumed;
    this.#consumed = 0;
    this.#notify();
  }
}
