/**
 * A client's connection: reads requests one after the other and has each answered.
 *
 * @module
 */
import type { Expiring } from "./deadlines.ts";
import { failureBytes, type FailureMessage } from "./failure_message.ts";
import type { Begun, ExchangeEnd } from "./exchange.ts";
import { forward } from "./forward.ts";
import { type Fault, FAULTS } from "./http1/fault.ts";
import { HeadScanner, skipEmptyLines } from "./http1/head_scanner.ts";
import { ascii } from "./http1/writer.ts";
import { linger, LINGER_MS } from "./linger.ts";
import { prepare } from "./prepare.ts";
import type { Proxy } from "./proxy.ts";
import { RefusedError, RequestBody } from "./request_body.ts";
import { Shortcut } from "./shortcut.ts";
import { Stopwatch } from "./stopwatch.ts";
import type { Transaction } from "./transaction.ts";
import type { UpstreamConnection } from "./upstream_pool.ts";
import { Disconnected, type Wire } from "./wire.ts";

/** What the connection waits for; a deadline means something else in each. */
type Phase = "idle" | "head" | "body" | "busy" | "closing";

const CR = 13;

/** One client connection. */
export class Downstream implements Expiring {
  deadlineAt = Infinity;
  /** The replica's connection that a request is on right now. */
  upstream: UpstreamConnection | undefined;
  /** Set while a tunnel reads the connection: an end of one side is not the end of it then. */
  tunnelling = false;
  /** Set while what is on it has no end of its own: a tunnel, an event stream. */
  streaming = false;
  readonly body = new RequestBody();
  readonly stopwatch: Stopwatch;
  /** The client's address as it is sent on. */
  readonly addressBytes: Uint8Array;
  readonly #shortcut: Shortcut;
  readonly #scanner = new HeadScanner();
  /** How many of the unread bytes the scanner has seen. */
  #scanned = 0;
  #phase: Phase = "idle";
  #gone = false;
  /** Set while a request waits for a replica: gives its place up. */
  #leave: (() => void) | undefined;
  /** The request whose body is being sent. */
  #pumped: Transaction | undefined;
  /** Set once the connection is being refused by its deadline: nothing more is served on it. */
  #refused: Promise<void> | undefined;

  /**
   * @param proxy the worker that it belongs to
   * @param wire the connection
   * @param address IP address of the client
   * @param trusted whether its word about the origin of requests is believed
   */
  constructor(
    readonly proxy: Proxy,
    readonly wire: Wire,
    readonly address: string,
    readonly trusted: boolean,
  ) {
    this.addressBytes = ascii(address);
    this.stopwatch = new Stopwatch(this);
    this.#shortcut = new Shortcut(this);
  }

  /** Whether the client has ended its side, or its connection broke. */
  get gone(): boolean {
    return this.#gone;
  }

  /**
   * Milliseconds that it has waited for a request, or for the rest of a head, or a little longer; 0
   * while it does neither. Worked out from the deadline, so that no request pays for it.
   */
  get waitedMs(): number {
    if (this.#phase !== "idle" && this.#phase !== "head") return 0;
    const { deadlines, settings: { timeouts: { head, keepAlive } } } = this.proxy;
    const left = this.deadlineAt - deadlines.in(0);
    const [shorter, longer] = [Math.min(head, keepAlive), Math.max(head, keepAlive)];
    return (left <= shorter ? shorter : longer) - left;
  }

  /** Serves the connection to its end; never rejects. */
  async run(): Promise<void> {
    try {
      this.#expect("idle", this.proxy.settings.timeouts.head);
      while (await this.#serveNext());
    } catch (error) {
      if (error instanceof RefusedError) await this.#refuse(error.fault);
      else if (!(error instanceof Disconnected)) this.proxy.recordFailure("proxy.request", error);
    } finally {
      this.close();
    }
  }

  /** Ends the connection at once. */
  close(): void {
    this.deadlineAt = Infinity;
    this.upstream?.close();
    this.wire.close();
    this.#leave?.();
  }

  /** The worker ends: what waits for a request is closed, what has one may finish it. */
  drain(): void {
    if (this.#phase === "idle") this.close();
  }

  onDeadline(): void {
    switch (this.#phase) {
      case "head":
        return this.#refuseLate(FAULTS.timeout);
      case "body":
        if (this.#pumped) this.#pumped.bodyFault ??= new RefusedError(FAULTS.timeout);
        return this.upstream?.close();
      default:
        return this.close();
    }
  }

  /** A request is being answered: nothing is due from the client. */
  work(): void {
    this.#expect("busy", Infinity);
  }

  /** A request was answered: the next one may come. */
  rest(): void {
    this.wire.rest();
    this.#expect("idle", this.proxy.settings.timeouts.keepAlive);
  }

  /** Notices that the client goes away while a replica works for it. */
  watch(): void {
    if (this.wire.end === this.wire.bytes.length && this.wire.unread > 0) return;
    this.wire.listen();
  }

  /** The client has ended its side, or its connection broke. */
  left(): void {
    if (this.tunnelling) return;
    this.#gone = true;
    this.upstream?.close();
    this.#leave?.();
  }

  /** More of the client's bytes are there, though nobody asked: while it waits, its end counts. */
  more(): void {
    if (this.#leave) this.watch();
  }

  /**
   * A request of it waits for a replica: a client that goes away gives its place up. That shows as
   * long as there is room to read into, so that one buffer of the body may be read, and no more.
   *
   * @param leave gives the place up
   */
  hold(leave: () => void): void {
    this.#leave = leave;
    if (this.#gone || this.wire.closed) leave();
    else this.watch();
  }

  /** The wait is over. */
  unhold(): void {
    this.#leave = undefined;
  }

  /** Sends what is left of the request's body, as it comes; never rejects. */
  async pump(request: Transaction, to: Wire): Promise<void> {
    request.pumping = true;
    // It cannot be repeated: what comes now goes to this replica alone.
    request.intact = false;
    this.#pumped = request;
    try {
      await this.#pumpAll(request, to);
      request.pumping = false;
      if (!request.responding && this.upstream) {
        this.upstream.deadlineAt = this.proxy.responseDeadline(this.upstream.pool);
      }
      this.wire.rest();
      this.watch();
    } catch (error) {
      if (error instanceof RefusedError) request.bodyFault = error;
      else if (error instanceof Disconnected && error.wire === this.wire) this.#gone = true;
      // A replica that takes no more may have answered already: the response is being read.
      if (!(error instanceof Disconnected && error.wire === to)) this.upstream?.close();
    } finally {
      this.#pumped = undefined;
      if (this.#phase !== "closing") this.#expect("busy", Infinity);
    }
  }

  async #pumpAll(request: Transaction, to: Wire): Promise<void> {
    while (!this.body.complete) {
      if (this.wire.unread === 0) {
        this.wire.makeRoom();
        await this.#needBody();
      }
      const { bytes, start } = this.wire;
      const end = this.body.take(bytes, start, this.wire.end);
      this.#expectTaking(request);
      await to.write(bytes.subarray(start, end));
      this.wire.start = end;
    }
  }

  /** It is the replica that has to go on: to take what is sent. */
  #expectTaking(request: Transaction): void {
    this.#expect("busy", Infinity);
    if (this.upstream && !request.responding) this.upstream.deadlineAt = this.proxy.bodyDeadline();
  }

  async #needBody(): Promise<void> {
    if (this.upstream) this.upstream.deadlineAt = Infinity;
    this.#expect("body", this.proxy.settings.timeouts.body);
    if (!await this.wire.fill()) throw new Disconnected(this.wire);
  }

  /** Answers with an error of the balancer itself. */
  async fail(failure: FailureMessage): Promise<void> {
    try {
      await this.wire.write(failureBytes(failure));
    } finally {
      this.stopwatch.refused(failure);
    }
  }

  /** @returns whether another request may follow */
  async #serveNext(): Promise<boolean> {
    const handover = await this.#shortcut.serve();
    const request = handover && (handover.request ?? await this.#readRequest());
    if (!request) return false;
    const end = await this.#forward(request, handover.begun);
    if (end === "close" || this.#gone || this.proxy.draining) return false;
    this.rest();
    return true;
  }

  async #forward(request: Transaction, begun: Begun | undefined): Promise<ExchangeEnd> {
    try {
      const end = await forward(this, request, begun);
      this.stopwatch.finish(request.method);
      return end;
    } catch (error) {
      // A request that is refused for its body is counted where it is answered.
      if (!(error instanceof RefusedError)) this.stopwatch.abort(request.method);
      throw error;
    }
  }

  /** @returns the next request; undefined when none comes any more */
  async #readRequest(): Promise<Transaction | undefined> {
    this.#scanner.reset();
    this.#scanned = 0;
    let headEnd = this.#findHead();
    while (headEnd === -1) {
      const more = await this.wire.fill();
      if (this.#refused) await this.#refused;
      if (!more || this.#refused) return undefined;
      headEnd = this.#findHead();
    }
    this.work();
    this.stopwatch.take();
    // From here to the transaction nothing waits: the parser is shared by all connections.
    return prepare(this, headEnd);
  }

  /** @returns behind the head, -1 while it is not all there */
  #findHead(): number {
    const { wire } = this;
    if (this.#scanned === 0) {
      wire.start = skipEmptyLines(wire.bytes, wire.start, wire.end);
      // Half of an empty line may still become a whole one.
      if (wire.unread === 0 || (wire.unread === 1 && wire.bytes[wire.start] === CR)) return -1;
    }
    const headEnd = this.#scanner.scan(wire.bytes, wire.start + this.#scanned, wire.end);
    this.#scanned = wire.unread;
    if (headEnd === -2) throw new RefusedError(FAULTS.lineEnd);
    this.#checkLength(headEnd < 0 ? wire.unread : headEnd - wire.start);
    if (headEnd < 0 && this.#phase === "idle") {
      this.#expect("head", this.proxy.settings.timeouts.head);
    }
    return headEnd;
  }

  #checkLength(length: number): void {
    const { limits } = this.proxy.settings;
    if (this.#scanner.firstLineLength > limits.lineBytes) {
      throw new RefusedError(FAULTS.uriTooLong);
    }
    if (length > limits.headBytes || this.#scanner.lines > limits.fields + 1) {
      throw new RefusedError(FAULTS.headTooLarge);
    }
  }

  #expect(phase: Phase, ms: number): void {
    this.#phase = phase;
    this.deadlineAt = ms === Infinity ? Infinity : this.proxy.deadlines.in(ms);
  }

  #refuse({ status, reason }: Fault): Promise<void> {
    this.stopwatch.refuse("", { status, reason: "fault", message: reason });
    return this.turnAway({ status, message: reason, close: true, withBody: true });
  }

  /** Answers a client that may still be sending; the connection is to be closed after it. */
  async turnAway(failure: FailureMessage): Promise<void> {
    try {
      this.#expect("closing", LINGER_MS);
      await this.fail(failure);
      await linger(this.wire);
    } catch (error) {
      // It is gone already, and with it the one who would want to know.
      if (!(error instanceof Disconnected)) this.proxy.recordFailure("proxy.refuse", error);
    }
  }

  /** The head is being waited for by somebody else: closing the connection ends that wait. */
  #refuseLate(fault: Fault): void {
    this.#expect("closing", LINGER_MS);
    this.#refused = this.#refuse(fault).finally(() => this.close());
  }
}
