/**
 * The body of an answer to a heartbeat: where it ends, and its first bytes.
 *
 * @module
 */
import { ChunkScanner } from "../../proxy/http1/chunked.ts";
import { CleanCopy } from "../../proxy/http1/clean_copy.ts";
import type { ResponseHead } from "../../proxy/http1/response_head.ts";

/** Follows a body through the bytes that arrive (RFC 9112, section 6.3). */
export class ProbeBody {
  readonly #chunks: ChunkScanner | undefined;
  /** What is missing of a body of known length; `Infinity` where the connection's end is its end. */
  #missing: number;
  #malformed = false;

  /** @param head the head before it, of an answer to GET */
  constructor(head: ResponseHead) {
    const { chunked, contentLength } = head;
    const empty = head.bodyless("GET");
    this.#chunks = chunked && !empty ? new ChunkScanner(new CleanCopy()) : undefined;
    this.#missing = empty ? 0 : contentLength >= 0 ? contentLength : Infinity;
  }

  /** Whether all of it was taken. */
  get done(): boolean {
    return this.#chunks ? this.#chunks.done : this.#missing === 0;
  }

  /** Whether its framing makes no sense. */
  get malformed(): boolean {
    return this.#malformed;
  }

  /**
   * Takes bytes that no earlier call has seen.
   *
   * @param bytes the buffer that holds them
   * @param from index of the first one
   * @param end index after the last one
   * @param onData given each run of the body's own bytes
   * @returns how many bytes belong to the body
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
