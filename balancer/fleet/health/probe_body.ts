/**
 * The body of a heartbeat's response: its end and its first bytes.
 *
 * @module
 */
import { ChunkScanner } from "../../proxy/http1/chunked.ts";
import { CleanCopy } from "../../proxy/http1/clean_copy.ts";
import type { ResponseHead } from "../../proxy/http1/response_head.ts";

/** Follows a body through the received bytes (RFC 9112, section 6.3). */
export class ProbeBody {
  readonly #chunks: ChunkScanner | undefined;
  /**
   * Missing bytes of a body of known length; `Infinity` if the connection's end is the body's end.
   */
  #missing: number;
  #malformed = false;

  /** @param head head of a response to GET */
  constructor(head: ResponseHead) {
    const { chunked, contentLength } = head;
    const empty = head.bodyless("GET");
    this.#chunks = chunked && !empty ? new ChunkScanner(new CleanCopy()) : undefined;
    this.#missing = empty ? 0 : contentLength >= 0 ? contentLength : Infinity;
  }

  /** Whether the body is complete. */
  get done(): boolean {
    return this.#chunks ? this.#chunks.done : this.#missing === 0;
  }

  /** Whether the framing is invalid. */
  get malformed(): boolean {
    return this.#malformed;
  }

  /**
   * Takes new bytes.
   *
   * @param bytes buffer with the bytes
   * @param from index of the first byte
   * @param end index after the last byte
   * @param onData called with each run of body bytes
   * @returns number of bytes that belong to the body
   */
  take(
    bytes: Uint8Array,
    from: number,
    end: number,
    onData: (data: Uint8Array) => void = () => {},
  ): number {
    const chunks = this.#chunks;
    if (!chunks) return this.#takePlain(bytes, from, end, onData);
    const taken = chunks.scan(bytes, from, end);
    this.#malformed = taken < 0;
    for (let span = 0; span < chunks.spanCount; span++) {
      onData(bytes.subarray(chunks.spans[span * 2]!, chunks.spans[span * 2 + 1]!));
    }
    return taken < 0 ? 0 : taken - from;
  }

  #takePlain(
    bytes: Uint8Array,
    from: number,
    end: number,
    onData: (data: Uint8Array) => void,
  ): number {
    const count = Math.min(end - from, this.#missing);
    this.#missing -= count;
    if (count > 0) onData(bytes.subarray(from, from + count));
    return count;
  }
}
