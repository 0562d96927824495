/**
 * A client's connection: reads requests one after the other and has each answered.
 *
 * @module
 */
import { clientOf } from "./client_address.ts";
import type { Deadlines, Expiring } from "../transport/deadlines.ts";
import { failureBytes, type FailureMessage } from "../errors/error_response.ts";
import type { ExchangeEnd, StartedAttempt } from "../forward/attempt.ts";
import type { RequestBuilder } from "../forward/build_request.ts";
import type { RouteLoop } from "../forward/route_loop.ts";
import { HalfClosed } from "./half_closed.ts";
import { type Fault, FAULTS } from "../http1/fault.ts";
import { HeadScanner, skipEmptyLines } from "../http1/head_scanner.ts";
import type { RequestHead } from "../http1/request_head.ts";
import { ascii } from "../http1/writer.ts";
import { DropBudget, linger } from "../transport/linger.ts";
import { PrivateConnections } from "../upstream/private_connections.ts";
import { RefusedError, RequestBody } from "../request/body.ts";
import { FastPath, type FastPathExit, type FastPathServices } from "../forward/fast_path.ts";
import type { Client } from "../request/client.ts";
import type { DrainState } from "../request/drain_state.ts";
import type { LingerSettings, RequestLimits, Timeouts } from "../settings.ts";
import type { Telemetry } from "../telemetry/telemetry.ts";
import type { RequestDeadlines } from "../upstream/request_deadlines.ts";
import type { LingeringClients } from "./lingering_clients.ts";
import type { TrustedProxies } from "./trusted_proxies.ts";
import { RequestTimer } from "../telemetry/request_timer.ts";
import type { ProxyRequest } from "../request/request.ts";
import type { Upload } from "../request/upload.ts";
import type { InstancePool, UpstreamConnection } from "../upstream/connection_pool.ts";
import {
  type Connection,
  type ConnectionListener,
  Disconnected,
  type Reader,
} from "../transport/connection.ts";

/** What the client connections of one worker share. */
export interface ClientServices {
  readonly deadlines: Deadlines;
  readonly requestDeadlines: RequestDeadlines;
  readonly limits: Pick<RequestLimits, "lineBytes" | "headBytes" | "fields">;
  readonly timeouts: Pick<Timeouts, "head" | "keepAlive">;
  /** Bounds of reading what a client sends after its response. */
  readonly linger: LingerSettings;
  /** Proxies whose `X-Forwarded-For` is believed. */
  readonly trusted: TrustedProxies;
  readonly telemetry: Telemetry;
  readonly builder: RequestBuilder;
  readonly routeLoop: RouteLoop;
  readonly fastPath: FastPathServices;
  /** Clients that were answered and whose bytes are read only to be dropped. */
  readonly lingering: LingeringClients;
  /** Clients that were turned away, and whose bytes are read only so that they see the answer. */
  readonly turnedAway: LingeringClients;
  readonly drain: DrainState;
  /** Records an error that is no fault of client or replica. */
  recordFailure(action: string, error: unknown): void;
}

/** What the connection waits for; a deadline means something else in each. */
type Phase = "idle" | "head" | "busy" | "closing";

const CR = 13;

/** Hears of the end of a client's connection. Must not throw. */
export interface ClientHost {
  left(client: ClientConnection): void;
}

/**
 * One client connection. What it needs for requests is made at its first bytes: many clients connect
 * and send nothing. While it waits for a request no function is suspended for it.
 */
export class ClientConnection implements Client, Expiring, ConnectionListener {
  deadlineAt = Infinity;
  /** The replica's connection that a request is on right now. */
  upstream: UpstreamConnection | undefined;
  /** Set while a tunnel reads the connection: an end of one side is not the end of it then. */
  tunnelling = false;
  /** Set while what is on it has no end of its own: a tunnel, an event stream. */
  streaming = false;
  body!: RequestBody;
  /** Sends the part of the present request's body that did not come with its head. */
  upload: Upload | undefined;
  events!: RequestTimer;
  /** The client's address as it is sent on. */
  addressBytes!: Uint8Array;
  /** The client's address: behind trusted proxies the one that the present request names. */
  origin: string;
  readonly #services: ClientServices;
  #fastPath: FastPath | undefined;
  #host: ClientHost | undefined;
  /** Connections to replicas that no other client is given; made for the first of them. */
  #private: PrivateConnections | undefined;
  /** Made for the first head that is not all there in one read. */
  #scanner: HeadScanner | undefined;
  /** How many of the unread bytes the scanner has seen. */
  #scanned = 0;
  #phase: Phase = "idle";
  #gone = false;
  #ended = false;
  #halfClosed: HalfClosed | undefined;
  /** Set while a request waits for a replica: gives its place up. */
  #leave: (() => void) | undefined;
  /** Reads the rest of a head. */
  #headReader: Reader | undefined;
  /** Set once a request was refused before its end was read. */
  #refused = false;

  /**
   * @param services what the client connections of one worker share
   * @param wire the connection
   * @param address IP address of the client
   * @param trusted whether its word about the origin of requests is believed
   */
  constructor(
    services: ClientServices,
    readonly wire: Connection,
    readonly address: string,
    readonly trusted: boolean,
  ) {
    this.#services = services;
    this.origin = address;
    wire.watcher = this;
  }

  /** Makes what requests need. */
  #awake(): FastPath {
    this.addressBytes = ascii(this.address);
    this.body = new RequestBody();
    this.events = new RequestTimer(this.#services.telemetry, this);
    return this.#fastPath = new FastPath(this.#services.fastPath, this);
  }

  /** The first bytes are there, or the client left without a word. */
  onData(more: boolean): void {
    if (more) this.#awake().serve();
    else this.#finish();
  }

  onBreak(): void {
    this.#finish();
  }

  onWritten(): void {}
  onWriteError(): void {}

  identify(head: RequestHead): void {
    this.origin = clientOf(this.address, this.wire.bytes, head, this.#services.trusted);
    const { record } = this.events;
    if (record) record.client = this.origin;
  }

  /** Whether the connection broke, or the client ended its side in the middle of a request. */
  get gone(): boolean {
    return this.#gone;
  }

  /**
   * Whether the client has ended its side. It may still listen: a client that closes its connection
   * altogether looks the same until it is written to.
   */
  get ended(): boolean {
    return this.#ended;
  }

  /** Whether the present request was read to its end. */
  get read(): boolean {
    return this.body.complete && (!this.upload || this.upload.complete);
  }

  /** Whether the present request went to the replica to its end. */
  get sent(): boolean {
    return this.body.complete && (!this.upload || this.upload.sent);
  }

  /**
   * Milliseconds that it has waited for a request, or for the rest of a head, or a little longer; 0
   * while it does neither. Worked out from the deadline, so that no request pays for it.
   */
  get waitedMs(): number {
    if (this.#phase !== "idle" && this.#phase !== "head") return 0;
    const { deadlines, timeouts: { head, keepAlive } } = this.#services;
    const left = this.deadlineAt - deadlines.in(0);
    const [shorter, longer] = [Math.min(head, keepAlive), Math.max(head, keepAlive)];
    return (left <= shorter ? shorter : longer) - left;
  }

  /**
   * Serves the connection to its end.
   *
   * @param host hears of the end
   */
  run(host: ClientHost): void {
    this.#host = host;
    this.#expect("idle", this.#services.timeouts.head);
    // They came behind a PROXY head.
    if (this.wire.unread > 0) this.#awake().serve();
    else this.wire.startRead();
  }

  /** The fast path ends here; after a request that was served otherwise it may go on. */
  async takeOver(handover: FastPathExit): Promise<void> {
    // Not in the middle of what the fast path does.
    await null;
    let more = false;
    try {
      more = await this.#serveOther(handover);
    } catch (error) {
      // A client that is gone needs no answer, and nothing of it is left to be read.
      if (!(error instanceof Disconnected)) this.#services.recordFailure("proxy.request", error);
    } finally {
      if (!more) this.#finish();
    }
    if (more) this.#fastPath?.serve();
  }

  /** @returns whether another request may follow */
  async #serveOther(handover: FastPathExit): Promise<boolean> {
    try {
      if (await this.#serveNext(handover)) return true;
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      await this.#refuse(error.fault);
    }
    await this.#closeInStages();
    return false;
  }

  #finish(): void {
    this.close();
    this.#host?.left(this);
  }

  /** Answers a client that is not served at all, and ends its connection; never rejects. */
  async reject(failure: FailureMessage): Promise<void> {
    this.#awake();
    try {
      await this.turnAway(failure);
      await this.#closeInStages(this.#services.turnedAway);
    } catch (error) {
      // It did not wait for the answer.
      if (!(error instanceof Disconnected)) this.#services.recordFailure("proxy.refuse", error);
    } finally {
      this.close();
    }
  }

  /**
   * An unused connection to an instance: the client's own, or the one that was used last.
   *
   * @param pool the instance's
   * @param recent only one that was used a moment ago, for a request that could not be repeated
   */
  takeIdle(pool: InstancePool, recent: boolean): UpstreamConnection | undefined {
    return this.#private?.take(pool) ?? pool.takeIdle(recent);
  }

  /** Gives a connection back after a complete exchange, or keeps one that is its own. */
  giveBack(upstream: UpstreamConnection): void {
    if (!upstream.isPrivate) return upstream.pool.giveBack(upstream);
    (this.#private ??= new PrivateConnections()).keep(upstream);
  }

  /** Ends the connection at once. */
  close(): void {
    this.#private?.close();
    this.deadlineAt = Infinity;
    if (this.#halfClosed) this.#services.deadlines.delete(this.#halfClosed);
    this.upstream?.close();
    this.wire.close();
    this.#leave?.();
  }

  /** The worker ends: what waits for a request is closed, what has one may finish it. */
  drain(): void {
    if (this.#phase === "idle") this.close();
  }

  onDeadline(): void {
    if (this.#phase !== "head") return this.close();
    this.work();
    this.#headReader?.interrupt(new RefusedError(FAULTS.timeout));
  }

  /** A request is being answered: nothing is due from the client. */
  work(): void {
    this.#expect("busy", Infinity);
  }

  /** A request was answered: the next one may come. */
  rest(): void {
    this.origin = this.address;
    this.wire.shrinkBuffer();
    this.#expect("idle", this.#services.timeouts.keepAlive);
  }

  /** Notices that the client goes away while a replica works for it. */
  watch(): void {
    if (this.wire.end === this.wire.bytes.length && this.wire.unread > 0) return;
    this.wire.startRead();
  }

  /** The connection broke, or the client ended its side in the middle of a request. */
  left(): void {
    if (this.tunnelling) return this.close();
    this.#gone = true;
    this.upstream?.close();
    this.#leave?.();
  }

  /** The client has ended its side: a request that is there in full is still answered. */
  end(): void {
    if (this.#ended || this.wire.closed) return;
    this.#ended = true;
    this.#services.deadlines.add(this.#halfClosed = new HalfClosed(this));
    if (this.streaming && !this.tunnelling) this.#expectStream();
    if (this.body.missing > this.wire.unread && !this.upload) this.left();
  }

  /** A client of an endless response has probably left: a silent stream is not kept for long. */
  #expectStream(): void {
    const { upstream } = this;
    const latest = this.#services.requestDeadlines.responseBody();
    if (upstream) upstream.deadlineAt = Math.min(upstream.deadlineAt, latest);
  }

  /** More of the client's bytes are there, though none are due: while it waits, its end counts. */
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

  /** Answers with an error of the balancer itself. */
  async fail(failure: FailureMessage): Promise<void> {
    try {
      await this.wire.write(failureBytes(failure));
    } finally {
      this.events.rejectionSent(failure);
    }
  }

  /** @returns whether another request may follow */
  async #serveNext({ ended, error, request: parsed, begun }: FastPathExit): Promise<boolean> {
    if (error !== undefined) throw error;
    const request = ended ? undefined : parsed ?? await this.#readRequest();
    if (!request) return false;
    const end = await this.#forward(request, begun);
    if (end === "close" || this.#gone || !await this.#bodyRead() || this.#services.drain.draining) {
      return false;
    }
    this.rest();
    return true;
  }

  /**
   * The response is over. What a replica did not take of the request's body is read all the same:
   * behind it comes the next request.
   *
   * @returns whether the body was read to its end
   */
  async #bodyRead(): Promise<boolean> {
    const { upload } = this;
    if (!upload) return this.body.complete;
    if (upload.running) await this.#services.lingering.during(this, () => upload.done);
    this.upload = undefined;
    this.#refused = !upload.complete;
    return upload.complete;
  }

  async #forward(request: ProxyRequest, begun: StartedAttempt | undefined): Promise<ExchangeEnd> {
    try {
      const end = await this.#services.routeLoop.forward(this, request, begun);
      this.events.completed(request.method);
      return end;
    } catch (error) {
      // A request that is refused for its body is counted where it is answered.
      if (!(error instanceof RefusedError)) this.events.aborted(request.method);
      throw error;
    }
  }

  /** @returns the next request; undefined when none comes any more */
  async #readRequest(): Promise<ProxyRequest | undefined> {
    (this.#scanner ??= new HeadScanner()).reset();
    this.#scanned = 0;
    let headEnd = this.#findHead();
    if (headEnd === -1) headEnd = await this.#readHead();
    if (headEnd === -1) return undefined;
    this.work();
    this.events.received();
    // From here to the transaction nothing waits: the parser is shared by all connections.
    return this.#services.builder.build(this, headEnd);
  }

  /** @returns behind the head, -1 when the client ended its side before */
  async #readHead(): Promise<number> {
    using reader = this.#headReader = this.wire.reader();
    for (;;) {
      if (!await reader.read()) return -1;
      const headEnd = this.#findHead();
      if (headEnd !== -1) return headEnd;
    }
  }

  /** @returns behind the head, -1 while it is not all there */
  #findHead(): number {
    const { wire } = this;
    const scanner = this.#scanner ??= new HeadScanner();
    if (this.#scanned === 0) {
      wire.start = skipEmptyLines(wire.bytes, wire.start, wire.end);
      // Half of an empty line may still become a whole one.
      if (wire.unread === 0 || (wire.unread === 1 && wire.bytes[wire.start] === CR)) return -1;
    }
    const headEnd = scanner.scan(wire.bytes, wire.start + this.#scanned, wire.end);
    this.#scanned = wire.unread;
    if (headEnd === -2) throw new RefusedError(FAULTS.lineEnd);
    this.#checkLength(scanner, headEnd < 0 ? wire.unread : headEnd - wire.start);
    if (headEnd < 0 && this.#phase === "idle") {
      this.#expect("head", this.#services.timeouts.head);
    }
    return headEnd;
  }

  #checkLength(scanner: HeadScanner, length: number): void {
    const { limits } = this.#services;
    if (scanner.firstLineLength > limits.lineBytes) {
      throw new RefusedError(FAULTS.uriTooLong);
    }
    if (length > limits.headBytes || scanner.lines > limits.fields + 1) {
      throw new RefusedError(FAULTS.headTooLarge);
    }
  }

  #expect(phase: Phase, ms: number): void {
    this.#phase = phase;
    this.deadlineAt = ms === Infinity ? Infinity : this.#services.deadlines.in(ms);
  }

  #refuse({ status, reason }: Fault): Promise<void> {
    this.events.rejected("", { status, reason: "fault", message: reason });
    return this.turnAway({ status, message: reason, close: true, withBody: true });
  }

  /** Answers a client that may still be sending; the connection is to be closed after it. */
  async turnAway(failure: FailureMessage): Promise<void> {
    this.#refused = true;
    this.#expect("closing", this.#services.linger.readMs);
    await this.fail(failure);
  }

  /** Ends the connection behind its last response, whatever the client still sends. */
  async #closeInStages(group = this.#services.lingering): Promise<void> {
    if (this.wire.closed || this.#gone || this.#ended) return;
    if (this.read && this.wire.unread === 0 && !this.#refused) return;
    await group.during(this, () => this.#linger());
  }

  async #linger(): Promise<void> {
    const { deadlines, linger: settings } = this.#services;
    this.#expect("closing", settings.readMs);
    await this.upload?.stop();
    const budget = new DropBudget(deadlines, settings);
    await linger(this.wire, budget, (at) => this.deadlineAt = at);
  }
}
