/**
 * How far a request's body goes: which of the bytes that came in belong to it.
 *
 * @module
 */
import { ChunkScanner } from "../http1/chunked.ts";
import { type Fault, FAULTS } from "../http1/fault.ts";

/** A request, or a part of it, that is refused. */
export class RefusedError extends Error {
  override readonly name = "RefusedError";

  constructor(readonly fault: Fault) {
    super(fault.reason);
  }
}

/** The framing of one body after another (RFC 9112, section 6.3). */
export class RequestBody {
  /** Made for the first body in chunks: most connections never see one. */
  #chunks: ChunkScanner | undefined;
  #length = 0;
  #remaining = 0;
  #chunked = false;
  #maxBytes = Infinity;
  /** Whether the client may wait for 100 (Continue) before it sends any of it. */
  awaited = false;

  /**
   * Begins the body of a request.
   *
   * @param contentLength its length, -1 where none was given
   * @param chunked whether it comes in chunks
   * @param maxBytes the longest body that is accepted
   * @throws {RefusedError} its length is given and too large
   */
  begin(contentLength: number, chunked: boolean, maxBytes: number): void {
    if (contentLength > maxBytes) throw new RefusedError(FAULTS.bodyTooLarge);
    this.#chunked = chunked;
    this.#length = this.#remaining = Math.max(contentLength, 0);
    this.#maxBytes = maxBytes;
    if (!chunked) return;
    this.#chunks ??= new ChunkScanner();
    this.#chunks.reset();
  }

  /** Whether all of it was taken. */
  get complete(): boolean {
    return this.#chunked ? this.#chunks?.done ?? true : this.#remaining === 0;
  }

  /** Bytes of it that are still to be taken, as far as its framing says that beforehand. */
  get missing(): number {
    return this.#chunked ? 0 : this.#remaining;
  }

  /** Bytes of it that were taken, without the framing of chunks. */
  get dataBytes(): number {
    return this.#chunked ? this.#chunks?.dataBytes ?? 0 : this.#length - this.#remaining;
  }

  /**
   * Takes what belongs to the body.
   *
   * @param bytes what came in
   * @param start the first byte that was not taken yet
   * @param end behind the last one
   * @returns behind the last byte that belongs to the body
   * @throws {RefusedError} its framing is wrong, or it is too large
   */
  take(bytes: Uint8Array, start: number, end: number): number {
    if (this.complete) return start;
    if (this.#chunked && this.#chunks) return this.#takeChunks(this.#chunks, bytes, start, end);
    const count = Math.min(end - start, this.#remaining);
    this.#remaining -= count;
    return start + count;
  }

  #takeChunks(chunks: ChunkScanner, bytes: Uint8Array, start: number, end: number): number {
    const taken = chunks.scan(bytes, start, end);
    if (taken < 0) throw new RefusedError(FAULTS.chunked);
    if (chunks.dataBytes > this.#maxBytes) throw new RefusedError(FAULTS.bodyTooLarge);
    return taken;
  }
}
