/**
 * The received bytes of a connection that are not used yet, and the buffer that holds them.
 *
 * @module
 */
import { type Buffer, type BufferPool, LARGE_BYTES, RESTING_BYTES } from "./buffers.ts";

/** Number of reads after which a connection counts as busy. */
const SETTLING_READS = 16;

/**
 * A window of unread bytes, `bytes[start..end)`. {@linkcode Connection} extends it, so that a read
 * costs neither another object nor another indirection.
 */
export class ReceiveWindow {
  bytes: Buffer;
  start = 0;
  end = 0;
  /** True from the start of a read until its bytes are delivered: the buffer must stay. */
  protected reading = false;
  readonly #buffers: BufferPool;
  #resting: Buffer;
  #readsToSettle = SETTLING_READS;

  /**
   * @param buffers lends larger buffers
   * @param bytes size of the first buffer
   */
  constructor(buffers: BufferPool, bytes: number) {
    this.#buffers = buffers;
    this.bytes = this.#resting = new Uint8Array(bytes);
  }

  /** Number of received bytes that are not used yet. */
  get unread(): number {
    return this.end - this.start;
  }

  /** Empties the window. */
  protected startOver(): void {
    this.start = this.end = 0;
    if (this.#readsToSettle === 0 || --this.#readsToSettle > 0) return;
    // A write from the old memory is not affected.
    const settled = this.#buffers.settle();
    if (this.bytes === this.#resting) this.bytes = settled;
    this.#resting = settled;
  }

  /**
   * Switches to a buffer of the second size for good; unread bytes are moved with the next
   * delivery.
   */
  #grow(): void {
    this.#resting = new Uint8Array(RESTING_BYTES);
  }

  /** A head was longer than usual: the client's next heads will be, too. */
  protected enlarge(): void {
    if (this.bytes.length >= RESTING_BYTES) return this.makeRoom();
    this.#grow();
    this.#move(this.#resting);
  }

  /** Moves unread bytes into a large buffer, for a long head or a body. Not while reading. */
  makeRoom(): void {
    if (this.reading) return;
    if (this.bytes === this.#resting) this.#move(this.#buffers.take(LARGE_BYTES));
    else if (this.start > 0) this.#move(this.bytes);
  }

  #move(to: Buffer): void {
    to.set(this.bytes.subarray(this.start, this.end));
    this.bytes = to;
    this.end -= this.start;
    this.start = 0;
  }

  /** Returns the large buffer if no bytes are unread and no read is under way. */
  shrinkBuffer(): void {
    if (this.bytes === this.#resting || this.reading) return;
    if (this.unread > RESTING_BYTES) return;
    if (this.unread > this.#resting.length) this.#grow();
    const large = this.bytes;
    this.#move(this.#resting);
    this.#buffers.give(large);
  }
}
