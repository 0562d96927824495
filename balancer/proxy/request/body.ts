/**
 * Determines which of the received bytes belong to a request's body.
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
  /** Created for the first chunked body: most connections never see one. */
  #chunks: ChunkScanner | undefined;
  #length = 0;
  #remaining = 0;
  #chunked = false;
  #maxBytes = Infinity;
  /** Whether the client may wait for 100 (Continue) before it sends any of the body. */
  awaited = false;

  /**
   * Begins the body of a request.
   *
   * @param contentLength its length; -1 if none was given
   * @param chunked whether it is chunked
   * @param maxBytes the longest body that is accepted
   * @throws {RefusedError} its given length is too large
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

  /** Whether the whole body was taken. */
  get complete(): boolean {
    return this.#chunked ? this.#chunks?.done ?? true : this.#remaining === 0;
  }

  /** Bytes of the body that are still missing, as far as its framing gives them beforehand. */
  get missing(): number {
    return this.#chunked ? 0 : this.#remaining;
  }

  /** Bytes of the body taken so far, without the framing of chunks. */
  get dataBytes(): number {
    return this.#chunked ? this.#chunks?.dataBytes ?? 0 : this.#length - this.#remaining;
  }

  /**
   * Takes the bytes that belong to the body.
   *
   * @param bytes the received bytes
   * @param start index of the first byte that was not taken yet
   * @param end index behind the last one
   * @returns index behind the last byte that belongs to the body
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
