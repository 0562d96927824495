/**
 * One stream of HTTP/2: its state and its windows.
 *
 * @module
 */

/** Receives what the client sends on a stream. None of these calls throws. */
export interface StreamOwner {
  /** A part of the request's body arrived. The bytes are valid during the call. */
  onBody(bytes: Uint8Array, start: number, end: number): void;
  /** The request is complete. @param trailers lines of its trailer section; undefined without one */
  onRequestEnd(trailers: Uint8Array | undefined): void;
  /** The stream was reset, by the client or for an error of the client. */
  onReset(code: number): void;
  /** The stream may send: called for a stream that waits, in turn with the others. */
  onWindow(): void;
}

/** A stream that is open, or half-closed. A closed stream is not kept. */
export class Stream {
  /** Whether the client has ended its side. */
  remoteClosed = false;
  /** Whether this side has ended. */
  localClosed = false;
  /** Whether a final response has begun. */
  responding = false;
  /** Bytes that may still be sent; negative after SETTINGS has made the window smaller. */
  sendWindow: number;
  /** Bytes that the client may still send. */
  receiveWindow: number;
  /** Bytes that were received and not consumed yet. */
  buffered = 0;
  /** Bytes that were consumed and not announced to the client yet. */
  consumed = 0;
  /** Length of the body by Content-Length; -1 without it. */
  expected = -1;
  /** Bytes of the body received. */
  received = 0;
  /** Whether it stands in the queue of streams that wait to send. */
  waiting = false;
  owner!: StreamOwner;

  /**
   * @param id its number
   * @param sendWindow bytes that may be sent
   * @param receiveWindow bytes that the client may send
   */
  constructor(readonly id: number, sendWindow: number, receiveWindow: number) {
    this.sendWindow = sendWindow;
    this.receiveWindow = receiveWindow;
  }
}
