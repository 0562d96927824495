/**
 * Reads the head of a request that does not arrive in one read.
 *
 * @module
 */
import { FAULTS } from "../http1/fault.ts";
import { HeadScanner, skipEmptyLines } from "../http1/head_scanner.ts";
import { RefusedError } from "../request/body.ts";
import type { RequestLimits } from "../settings.ts";
import type { Connection } from "../transport/connection.ts";
import type { Reader } from "../transport/connection_reader.ts";

const CR = 13;

/** Limits of a request's head. */
type HeadLimits = Pick<RequestLimits, "lineBytes" | "headBytes" | "fields">;

/** Reads one head after another from a client's connection. */
export class HeadReader {
  readonly #connection: Connection;
  readonly #limits: HeadLimits;
  readonly #onBegin: () => void;
  readonly #scanner = new HeadScanner();
  /** Number of unread bytes already scanned. */
  #scanned = 0;
  #reader: Reader | undefined;

  /**
   * @param connection the client's connection
   * @param limits bounds of a head
   * @param onBegin called with each read that leaves the head incomplete
   */
  constructor(connection: Connection, limits: HeadLimits, onBegin: () => void) {
    this.#connection = connection;
    this.#limits = limits;
    this.#onBegin = onBegin;
  }

  /**
   * Reads until a head is complete.
   *
   * @returns index behind the head; -1 if the client ended its side before
   * @throws {RefusedError} the head is malformed or too long, or the wait was interrupted
   * @throws {Disconnected} the connection broke or was closed
   */
  async read(): Promise<number> {
    this.#scanner.reset();
    this.#scanned = 0;
    const headEnd = this.#find();
    return headEnd === -1 ? await this.#readRest() : headEnd;
  }

  /** Ends the wait for the rest of a head with an error. */
  interrupt(error: RefusedError): void {
    this.#reader?.interrupt(error);
  }

  /** @returns index behind the head; -1 if the client ended its side before */
  async #readRest(): Promise<number> {
    using reader = this.#reader = this.#connection.reader();
    for (;;) {
      if (!await reader.read()) return -1;
      const headEnd = this.#find();
      if (headEnd !== -1) return headEnd;
    }
  }

  /** @returns index behind the head; -1 if the head is incomplete */
  #find(): number {
    const connection = this.#connection;
    if (this.#scanned === 0) {
      connection.start = skipEmptyLines(connection.bytes, connection.start, connection.end);
      if (this.#isEmpty()) return -1;
    }
    const { bytes, start, end, unread } = connection;
    const headEnd = this.#scanner.scan(bytes, start + this.#scanned, end);
    this.#scanned = unread;
    if (headEnd === -2) throw new RefusedError(FAULTS.lineEnd);
    this.#checkLength(headEnd < 0 ? unread : headEnd - start);
    if (headEnd < 0) this.#onBegin();
    return headEnd;
  }

  /** Whether no byte of a head has arrived. A single CR may begin an empty line. */
  #isEmpty(): boolean {
    const { bytes, start, unread } = this.#connection;
    return unread === 0 || (unread === 1 && bytes[start] === CR);
  }

  #checkLength(length: number): void {
    const { firstLineLength, lines } = this.#scanner;
    const { lineBytes, headBytes, fields } = this.#limits;
    if (firstLineLength > lineBytes) throw new RefusedError(FAULTS.uriTooLong);
    if (length > headBytes || lines > fields + 1) throw new RefusedError(FAULTS.headTooLarge);
  }
}
