/**
 * A connection that carries heartbeats, one after the other.
 *
 * @module
 */
import { HeadScanner } from "../../proxy/http1/head_scanner.ts";
import { ResponseHead } from "../../proxy/http1/response_head.ts";
import { latin1 } from "../../proxy/http1/latin1.ts";
import { ProbeBody } from "./probe_body.ts";
import type { ProbeStream } from "./probe_request.ts";

/** Buffer size for a usual response. */
const USUAL_BYTES = 512;

/** Longest response head, in bytes. */
const MAX_HEAD_BYTES = 64 * 1024;

/** Upper bound of field lines in a response. */
const MAX_FIELDS = 200;

/** Upper bound of interim responses (1xx) before a response. */
const MAX_INTERIM = 16;

/** A body longer than this, in bytes, is not read to its end; the connection is closed instead. */
const MAX_DRAINED_BYTES = 16 * 1024;

/** The connection ended before the end of the response head. */
export class ConnectionEnded extends Error {
  override readonly name = "ConnectionEnded";
}

/** The instance did not send an HTTP/1 response. */
export class MalformedAnswer extends Error {
  override readonly name = "MalformedAnswer";
}

/** Head of a response. */
export interface ProbeAnswer {
  readonly status: number;
  /** Value of Content-Type; empty if the field is absent. */
  readonly contentType: string;
}

/** One object parses every head: its values are copied before the next head is parsed. */
const HEAD = new ResponseHead();

/** A connection to an instance. A read between two heartbeats detects its end. */
export class ProbeConnection implements Disposable {
  /** Number of heartbeats that it has carried. */
  uses = 0;
  readonly #stream: ProbeStream;
  readonly #request: Uint8Array<ArrayBuffer>;
  #bytes = new Uint8Array(USUAL_BYTES);
  #end = 0;
  /** Index after the consumed bytes of the response. */
  #used = 0;
  #body: ProbeBody | undefined;
  #keepAlive = false;
  /** The read in progress. */
  #reading: Promise<number> | undefined;
  #resting = false;
  #closed = false;

  /**
   * @param stream the connection, which this object owns from now on
   * @param request bytes of each heartbeat's request
   */
  constructor(stream: ProbeStream, request: Uint8Array<ArrayBuffer>) {
    this.#stream = stream;
    this.#request = request;
  }

  /** Whether it is idle and open. */
  get usable(): boolean {
    return this.#resting && !this.#closed;
  }

  /**
   * Sends a heartbeat and waits for the response head.
   *
   * @throws {ConnectionEnded} the connection ended, or was closed here
   * @throws {MalformedAnswer} the response is invalid
   */
  async ask(): Promise<ProbeAnswer> {
    this.#resting = false;
    this.uses++;
    this.#end = this.#used = 0;
    try {
      await this.#send();
      for (let interim = 0; interim < MAX_INTERIM; interim++) {
        const answer = await this.#head();
        if (answer.status >= 200 || answer.status === 101) return answer;
      }
      throw new MalformedAnswer("too many interim responses");
    } catch (error) {
      if (error instanceof MalformedAnswer || error instanceof ConnectionEnded) throw error;
      throw new ConnectionEnded("the connection broke before an answer", { cause: error });
    }
  }

  /**
   * Returns the first bytes of the body that arrive before the connection ends.
   *
   * @param limit upper bound of the number of bytes
   */
  async bodyStart(limit: number): Promise<Uint8Array> {
    const start = new Uint8Array(limit);
    let length = 0;
    const collect = (data: Uint8Array) => {
      const part = data.subarray(0, limit - length);
      start.set(part, length);
      length += part.length;
    };
    try {
      do this.#takeBody(collect); while (length < limit && !this.#bodyOver() && await this.#more());
    } catch {
      // The bytes received before the connection broke are the body.
    }
    return start.subarray(0, length);
  }

  /**
   * Prepares for the next heartbeat. The rest of the body is read meanwhile; if it is too long, or
   * the instance ends the connection, the connection is closed.
   */
  rest(): void {
    if (!this.#keepAlive) return this.close();
    this.#restWhenRead().catch(() => this.close());
  }

  async #restWhenRead(): Promise<void> {
    let drained = 0;
    for (;;) {
      drained += this.#takeBody(() => {});
      if (this.#bodyOver()) break;
      if (drained > MAX_DRAINED_BYTES || !await this.#more()) return this.close();
    }
    if (this.#body?.malformed || this.#used < this.#end) return this.close();
    this.#end = this.#used = 0;
    if (this.#bytes.length > USUAL_BYTES) this.#bytes = new Uint8Array(USUAL_BYTES);
    this.#resting = true;
    await this.#begunRead();
    // Unexpected bytes, or the end: the connection cannot be used again (RFC 9112, section 9.3).
    if (this.#resting) this.close();
  }

  /** Closes the connection; pending operations fail. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#stream.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async #send(): Promise<void> {
    for (let sent = 0; sent < this.#request.length;) {
      sent += await this.#stream.write(sent === 0 ? this.#request : this.#request.subarray(sent));
    }
  }

  async #head(): Promise<ProbeAnswer> {
    const start = this.#used;
    const scanner = new HeadScanner();
    let from = start;
    for (;;) {
      const end = from < this.#end ? scanner.scan(this.#bytes, from, this.#end) : -1;
      if (end === -2) throw new MalformedAnswer("a line of the head ends without CRLF");
      if (end >= 0) return this.#parse(start, end);
      from = this.#end;
      if (this.#end - start > MAX_HEAD_BYTES) throw new MalformedAnswer("the head is too large");
      if (!await this.#more()) throw new ConnectionEnded("the connection ended before an answer");
    }
  }

  #parse(start: number, end: number): ProbeAnswer {
    const fault = HEAD.parse(this.#bytes, start, end, MAX_FIELDS);
    if (fault) throw new MalformedAnswer(fault.reason);
    this.#used = end;
    this.#keepAlive = HEAD.keepAlive && HEAD.status !== 101;
    this.#body = HEAD.status < 200 ? undefined : new ProbeBody(HEAD);
    return { status: HEAD.status, contentType: this.#contentType() };
  }

  /** Reads the content type, which only error messages need. */
  #contentType(): string {
    const { fields, status } = HEAD;
    for (let i = 0; status >= 400 && i < fields.count; i++) {
      const name = latin1(this.#bytes, fields.lineStart(i), fields.nameEnd(i));
      if (name.toLowerCase() !== "content-type") continue;
      return latin1(this.#bytes, fields.valueStart(i), fields.valueEnd(i));
    }
    return "";
  }

  #bodyOver(): boolean {
    return !this.#body || this.#body.done || this.#body.malformed;
  }

  /** Takes received body bytes. @returns their number */
  #takeBody(onData: (data: Uint8Array) => void): number {
    const taken = this.#body?.take(this.#bytes, this.#used, this.#end, onData) ?? 0;
    this.#used += taken;
    if (this.#used === this.#end && !this.#bodyOver()) this.#used = this.#end = 0;
    return taken;
  }

  /** Waits for more bytes. @returns false at the end of the connection */
  async #more(): Promise<boolean> {
    const count = await this.#begunRead();
    this.#end += count;
    return count > 0;
  }

  /** Returns the read in progress, or starts the next one. */
  #begunRead(): Promise<number> {
    this.#makeRoom();
    return this.#reading ??= this.#stream.read(this.#bytes.subarray(this.#end)).then((count) => {
      this.#reading = undefined;
      return count ?? 0;
    });
  }

  #makeRoom(): void {
    if (this.#reading || this.#end < this.#bytes.length) return;
    const larger = new Uint8Array(2 * this.#bytes.length);
    larger.set(this.#bytes);
    this.#bytes = larger;
  }
}

/** Keeps the connection of one instance between heartbeats. The instance's loop owns it. */
export class KeptConnection {
  #connection: ProbeConnection | undefined;
  #closed = false;

  /** The connection, if it can carry a heartbeat now. */
  get usable(): ProbeConnection | undefined {
    return this.#connection?.usable ? this.#connection : undefined;
  }

  /** Replaces the kept connection. */
  set(connection: ProbeConnection): void {
    this.drop();
    if (this.#closed) connection.close();
    else this.#connection = connection;
  }

  /** Closes the connection, so that the next heartbeat opens a new one. */
  drop(): void {
    this.#connection?.close();
    this.#connection = undefined;
  }

  /** Closes the connection and keeps none from now on. */
  close(): void {
    this.#closed = true;
    this.drop();
  }
}
