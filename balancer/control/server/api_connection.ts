/**
 * One connection to the API: reads requests one after the other and answers each.
 *
 * @module
 */
import type { FailureLog } from "../../failures.ts";
import type { Deadlines, Expiring } from "../../proxy/transport/deadlines.ts";
import { failureBytes } from "../../proxy/errors/error_response.ts";
import { type Fault, FAULTS } from "../../proxy/http1/fault.ts";
import { HeadScanner, skipEmptyLines } from "../../proxy/http1/head_scanner.ts";
import type { RequestHead } from "../../proxy/http1/request_head.ts";
import { LINGER } from "../../proxy/settings.ts";
import { DropBudget, linger } from "../../proxy/transport/linger.ts";
import { RefusedError } from "../../proxy/request/body.ts";
import type { Connection } from "../../proxy/transport/connection.ts";
import type { ConnectionListener } from "../../proxy/transport/connection_events.ts";
import { Disconnected, type Reader } from "../../proxy/transport/connection_reader.ts";
import { IncomingBody } from "./incoming_body.ts";
import { incomingRequest } from "./incoming_request.ts";
import { isStream, type ResponseContext, sendParts, sendWhole } from "./outgoing_response.ts";

/** Answers a request; does not reject. */
export type Handle = (request: Request) => Promise<Response>;

/** Bounds on the size and duration of a client's requests. */
export interface ApiLimits {
  /** Longest request line, in bytes. */
  readonly lineBytes: number;
  /** Longest head, in bytes. */
  readonly headBytes: number;
  /** Most header fields. */
  readonly fields: number;
  /** Milliseconds for a client to send a whole head. */
  readonly headMs: number;
  /** Milliseconds for a client to begin its next request. */
  readonly idleMs: number;
  /** Milliseconds for a client to make progress with a body, the request's or the response's. */
  readonly bodyMs: number;
}

/** The dependencies that all connections share. */
interface ApiConnectionOptions {
  readonly limits: ApiLimits;
  readonly deadlines: Deadlines;
  readonly failures: FailureLog;
  /** Whether the server is closing: no connection takes another request. */
  readonly closing: () => boolean;
  /** Parses a head; not used across an await. */
  readonly head: RequestHead;
  /**
   * Whether the connection reads on for a while after the last answer, because a reset could
   * destroy that answer: true for sockets, false for channels.
   */
  readonly lingers: boolean;
}

/** The phase of the connection; a deadline has a different meaning in each. */
type Phase = "idle" | "head" | "busy" | "closing";

const CR = 13;

/** One connection. */
export class ApiConnection implements Expiring, ConnectionListener {
  deadlineAt = Infinity;
  readonly #transport: Connection;
  readonly #handle: Handle;
  readonly #options: ApiConnectionOptions;
  readonly #scanner = new HeadScanner();
  #phase: Phase = "idle";
  #lingering = false;
  #gone = false;
  /** Reads the current head, or a part of the current body. */
  #reader: Reader | undefined;
  /** Aborts the work for the current request. */
  #abort: (() => void) | undefined;

  /**
   * @param transport the connection
   * @param handle answers the connection's requests
   * @param options the shared dependencies
   */
  constructor(transport: Connection, handle: Handle, options: ApiConnectionOptions) {
    this.#transport = transport;
    this.#handle = handle;
    this.#options = options;
    transport.watcher = this;
  }

  /**
   * Whether the connection waits for a request, reads a head, or lingers: it can be closed without
   * a loss.
   */
  get waiting(): boolean {
    return this.#phase === "idle" || this.#phase === "head" || this.#lingering;
  }

  /** Serves the connection to its end; never rejects. */
  async run(): Promise<void> {
    const { limits, failures } = this.#options;
    try {
      this.#expect("idle", limits.headMs);
      while (await this.#serveNext()) {
        this.#transport.shrinkBuffer();
        this.#expect("idle", limits.idleMs);
      }
    } catch (error) {
      if (error instanceof RefusedError) await this.#refuse(error.fault);
      else if (!(error instanceof Disconnected)) failures.record("control.connection", error);
    } finally {
      this.close();
    }
  }

  /** Closes the connection at once. */
  close(): void {
    this.deadlineAt = Infinity;
    this.#transport.close();
    this.#left();
  }

  onDeadline(): void {
    if (this.#phase !== "head") return this.close();
    this.#expect("busy", Infinity);
    this.#reader?.interrupt(new RefusedError(FAULTS.timeout));
  }

  onData(more: boolean): void {
    if (!more) this.#left();
    else if (this.#abort) this.#watch();
  }

  onBreak(): void {
    this.#left();
  }

  onWritten(): void {}

  onWriteError(): void {}

  /** Handles a client that ended its side, or a broken connection. */
  #left(): void {
    this.#gone = true;
    this.#abort?.();
  }

  /** Watches for the client to disconnect, while the buffer has room. */
  #watch(): void {
    if (this.#transport.end === this.#transport.bytes.length && this.#transport.unread > 0) return;
    this.#transport.startRead();
  }

  /** @returns whether another request may follow */
  async #serveNext(): Promise<boolean> {
    const headEnd = await this.#readHead();
    if (headEnd === -1) return false;
    this.#expect("busy", Infinity);
    const aborter = new AbortController();
    this.#abort = () => aborter.abort();
    try {
      return await this.#answer(headEnd, aborter.signal);
    } finally {
      this.#abort = undefined;
    }
  }

  async #answer(headEnd: number, signal: AbortSignal): Promise<boolean> {
    const head = this.#parse(headEnd);
    const transport = this.#transport;
    const { method, minor, keepAlive } = head;
    transport.start = head.end;
    const body = new IncomingBody(transport, head, () => this.#fillBody());
    const request = incomingRequest(transport.bytes, head, body.stream(), signal);
    transport.shrinkBuffer();
    this.#watch();
    const response = await this.#handle(request);
    // An unread body ends the connection, unless all of the body has arrived.
    const whole = body.discard();
    const endless = minor === 0 && isStream(response);
    const close = !keepAlive || !whole || endless || this.#options.closing();
    await this.#send(response, { method, minor, close }, signal);
    if (!whole) await this.#linger();
    return !close && !this.#gone;
  }

  async #send(response: Response, context: ResponseContext, signal: AbortSignal): Promise<void> {
    const write = (bytes: Uint8Array) => this.#write(bytes);
    const streams = response.body && context.method !== "HEAD" && isStream(response);
    if (!streams) return await sendWhole(response, context, write);
    this.#watch();
    const parts = response.body.getReader();
    const stop = () => parts.cancel().catch(() => {});
    signal.addEventListener("abort", stop);
    try {
      if (signal.aborted) throw new Disconnected(this.#transport);
      await sendParts(response, context, parts, write);
    } finally {
      await stop();
    }
  }

  async #write(bytes: Uint8Array): Promise<void> {
    this.#expect("busy", this.#options.limits.bodyMs);
    await this.#transport.write(bytes);
    this.#expect("busy", Infinity);
  }

  async #fillBody(): Promise<boolean> {
    this.#expect("busy", this.#options.limits.bodyMs);
    using reader = this.#reader = this.#transport.reader();
    const more = await reader.read();
    this.#expect("busy", Infinity);
    return more;
  }

  /** @returns the offset behind the head; -1 if no further request comes */
  async #readHead(): Promise<number> {
    const transport = this.#transport;
    using reader = this.#reader = transport.reader();
    this.#scanner.reset();
    for (let scanned = 0;;) {
      if (scanned === 0) {
        transport.start = skipEmptyLines(transport.bytes, transport.start, transport.end);
      }
      if (scanned > 0 || !this.#isEmpty()) {
        const end = this.#scanner.scan(transport.bytes, transport.start + scanned, transport.end);
        scanned = transport.unread;
        if (end === -2) throw new RefusedError(FAULTS.lineEnd);
        this.#checkLength(end < 0 ? scanned : end - transport.start);
        if (end >= 0) return end;
        if (this.#phase === "idle") this.#expect("head", this.#options.limits.headMs);
      }
      if (!await reader.read()) return -1;
    }
  }

  /** Half of an empty line may still become a complete one. */
  #isEmpty(): boolean {
    const { unread, bytes, start } = this.#transport;
    return unread === 0 || (unread === 1 && bytes[start] === CR);
  }

  #parse(end: number): RequestHead {
    const { head, limits } = this.#options;
    const { bytes, start } = this.#transport;
    const fault = head.parse(bytes, start, end, limits.fields);
    if (fault) throw new RefusedError(fault);
    return head;
  }

  #checkLength(length: number): void {
    const { lineBytes, headBytes, fields } = this.#options.limits;
    if (this.#scanner.firstLineLength > lineBytes) throw new RefusedError(FAULTS.uriTooLong);
    if (length > headBytes || this.#scanner.lines > fields + 1) {
      throw new RefusedError(FAULTS.headTooLarge);
    }
  }

  async #refuse({ status, reason }: Fault): Promise<void> {
    this.#expect("closing", LINGER.readMs);
    const failure = { status, message: reason, close: true, withBody: true };
    try {
      await this.#transport.write(failureBytes(failure));
      await this.#linger();
    } catch (error) {
      // The client is already gone.
      if (!(error instanceof Disconnected)) this.#options.failures.record("control.refuse", error);
    }
  }

  async #linger(): Promise<void> {
    if (!this.#options.lingers) return;
    this.#lingering = true;
    this.#expect("closing", LINGER.readMs);
    // A body that its call no longer reads.
    this.#reader?.interrupt(new Disconnected(this.#transport));
    const budget = new DropBudget(this.#options.deadlines, LINGER);
    await linger(this.#transport, budget, (at) => this.deadlineAt = at);
  }

  #expect(phase: Phase, ms: number): void {
    // A deadline that closes the connection stays in force.
    if (this.#phase === "closing") return;
    this.#phase = phase;
    this.deadlineAt = ms === Infinity ? Infinity : this.#options.deadlines.in(ms);
  }
}
