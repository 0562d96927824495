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

/** Services shared by the client connections of one worker. */
export interface ClientServices {
  readonly deadlines: Deadlines;
  readonly requestDeadlines: RequestDeadlines;
  readonly limits: Pick<RequestLimits, "lineBytes" | "headBytes" | "fields">;
  readonly timeouts: Pick<Timeouts, "head" | "keepAlive">;
  /** Bounds on reading a client's bytes after its response. */
  readonly linger: LingerSettings;
  /** Proxies whose `X-Forwarded-For` is believed. */
  readonly trusted: TrustedProxies;
  readonly telemetry: Telemetry;
  readonly builder: RequestBuilder;
  readonly routeLoop: RouteLoop;
  readonly fastPath: FastPathServices;
  /** Answered clients whose remaining bytes are read and dropped. */
  readonly lingering: LingeringClients;
  /** Rejected clients whose bytes are read and dropped, so that the error response reaches them. */
  readonly turnedAway: LingeringClients;
  readonly drain: DrainState;
  /** Records an error caused by neither client nor replica. */
  recordFailure(action: string, error: unknown): void;
}

/** State of the connection; decides how an expired deadline is handled. */
type Phase = "idle" | "head" | "busy" | "closing";

const CR = 13;

/** Receives the end of a client's connection. Must not throw. */
export interface ClientHost {
  left(client: ClientConnection): void;
}

/**
 * One client connection. Its services for requests are created at its first bytes, since many
 * clients connect and send nothing. An idle connection has no suspended function.
 */
export class ClientConnection implements Client, Expiring, ConnectionListener {
  deadlineAt = Infinity;
  /** The replica's connection that carries the current request. */
  upstream: UpstreamConnection | undefined;
  /** True while a tunnel reads the connection: the end of one side does not end it. */
  tunnelling = false;
  /** True while the exchange has no end of its own: a tunnel, an event stream. */
  streaming = false;
  body!: RequestBody;
  /** Sends the part of the current request's body that did not arrive with its head. */
  upload: Upload | undefined;
  events!: RequestTimer;
  /** Whether the connection is encrypted; no listener encrypts. */
  readonly secure = false;
  /** The client's address as written into `X-Forwarded-For`. */
  addressBytes!: Uint8Array;
  /** The client's address; behind trusted proxies the address that the current request names. */
  origin: string;
  readonly #services: ClientServices;
  #fastPath: FastPath | undefined;
  #host: ClientHost | undefined;
  /** Connections to replicas that are reserved for this client; created with the first of them. */
  #private: PrivateConnections | undefined;
  /** Created for the first head that does not arrive in one read. */
  #scanner: HeadScanner | undefined;
  /** Number of unread bytes already scanned. */
  #scanned = 0;
  #phase: Phase = "idle";
  #gone = false;
  #ended = false;
  #halfClosed: HalfClosed | undefined;
  /** Set while a request waits for a replica: ends the wait. */
  #leave: (() => void) | undefined;
  /** Reads the rest of a head. */
  #headReader: Reader | undefined;
  /** Set once a request was refused before its end was read. */
  #refused = false;

  /**
   * @param services services shared by the client connections of one worker
   * @param wire the connection
   * @param address IP address of the client
   * @param trusted whether the peer's statements about the origin of requests are believed
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

  /** Creates the services that requests need. */
  #awake(): FastPath {
    this.addressBytes = ascii(this.address);
    this.body = new RequestBody();
    this.events = new RequestTimer(this.#services.telemetry, this);
    return this.#fastPath = new FastPath(this.#services.fastPath, this);
  }

  /** The first bytes arrived, or the client left without sending any. */
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
   * Whether the client has ended its side. The client may still read: one that closed its connection
   * fully looks the same until bytes are written to it.
   */
  get ended(): boolean {
    return this.#ended;
  }

  /** Whether the current request was read to its end. */
  get read(): boolean {
    return this.body.complete && (!this.upload || this.upload.complete);
  }

  /** Whether the current request was sent to the replica to its end. */
  get sent(): boolean {
    return this.body.complete && (!this.upload || this.upload.sent);
  }

  /**
   * Milliseconds that the client has been idle or in the middle of a head, rounded up; 0 in other
   * states. Computed from the deadline, so that requests pay nothing for it.
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
   * @param host receives the end of the connection
   */
  run(host: ClientHost): void {
    this.#host = host;
    this.#expect("idle", this.#services.timeouts.head);
    // The bytes followed a PROXY head.
    if (this.wire.unread > 0) this.#awake().serve();
    else this.wire.startRead();
  }

  /** Serves a request that the fast path hands over; the fast path may serve the next one. */
  async takeOver(handover: FastPathExit): Promise<void> {
    // Let the fast path's callback return first.
    await null;
    let more = false;
    try {
      more = await this.#serveOther(handover);
    } catch (error) {
      // A client that is gone needs no answer; no more of its bytes are read.
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

  /** Answers a rejected client with an error, and ends its connection; never rejects. */
  async reject(failure: FailureMessage): Promise<void> {
    this.#awake();
    try {
      await this.turnAway(failure);
      await this.#closeInStages(this.#services.turnedAway);
    } catch (error) {
      // The client left before the answer.
      if (!(error instanceof Disconnected)) this.#services.recordFailure("proxy.refuse", error);
    } finally {
      this.close();
    }
  }

  /**
   * Takes an idle connection to an instance: the client's own, or the one that was used last.
   *
   * @param pool the instance's connections
   * @param recent accept only a connection that was used a moment ago, for a request that cannot be
   *   repeated
   */
  takeIdle(pool: InstancePool, recent: boolean): UpstreamConnection | undefined {
    return this.#private?.take(pool) ?? pool.takeIdle(recent);
  }

  /**
   * Returns a connection after a complete exchange; a connection reserved for the client is kept.
   */
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

  /** The worker drains: idle connections are closed, a running request may finish. */
  drain(): void {
    if (this.#phase === "idle") this.close();
  }

  onDeadline(): void {
    if (this.#phase !== "head") return this.close();
    this.work();
    this.#headReader?.interrupt(new RefusedError(FAULTS.timeout));
  }

  /** A request is being answered: no deadline runs against the client. */
  work(): void {
    this.#expect("busy", Infinity);
  }

  /** A request was answered: the next one may come. */
  rest(): void {
    this.origin = this.address;
    this.wire.shrinkBuffer();
    this.#expect("idle", this.#services.timeouts.keepAlive);
  }

  /** Reads ahead, so that a client that leaves is noticed while a replica works for it. */
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

  /** The client has ended its side: a request that arrived in full is still answered. */
  end(): void {
    if (this.#ended || this.wire.closed) return;
    this.#ended = true;
    this.#services.deadlines.add(this.#halfClosed = new HalfClosed(this));
    if (this.streaming && !this.tunnelling) this.#expectStream();
    if (this.body.missing > this.wire.unread && !this.upload) this.left();
  }

  /** The client of an endless response has probably left: a silent stream is not kept for long. */
  #expectStream(): void {
    const { upstream } = this;
    const latest = this.#services.requestDeadlines.responseBody();
    if (upstream) upstream.deadlineAt = Math.min(upstream.deadlineAt, latest);
  }

  /**
   * More bytes of the client arrived during a request. While the request is held, reading goes on,
   * so that the client's end is noticed.
   */
  more(): void {
    if (this.#leave) this.watch();
  }

  /**
   * A request of this client waits for a replica: the wait ends when the client leaves. Reading
   * ahead is bounded by one buffer of the body.
   *
   * @param leave ends the wait
   */
  hold(leave: () => void): void {
    this.#leave = leave;
    if (this.#gone || this.wire.closed) leave();
    else this.watch();
  }

  /** The request no longer waits. */
  unhold(): void {
    this.#leave = undefined;
  }

  /** Answers with an error of the balancer. */
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
   * The response is over. The part of the request's body that the replica did not take is read all
   * the same, since the next request follows it.
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

  /** @returns the next request; undefined when the client sends no more */
  async #readRequest(): Promise<ProxyRequest | undefined> {
    (this.#scanner ??= new HeadScanner()).reset();
    this.#scanned = 0;
    let headEnd = this.#findHead();
    if (headEnd === -1) headEnd = await this.#readHead();
    if (headEnd === -1) return undefined;
    this.work();
    this.events.received();
    // No `await` from here to the exchange: all connections share the parser.
    return this.#services.builder.build(this, headEnd);
  }

  /** @returns index behind the head; -1 if the client ended its side before */
  async #readHead(): Promise<number> {
    using reader = this.#headReader = this.wire.reader();
    for (;;) {
      if (!await reader.read()) return -1;
      const headEnd = this.#findHead();
      if (headEnd !== -1) return headEnd;
    }
  }

  /** @returns index behind the head; -1 if the head is incomplete */
  #findHead(): number {
    const { wire } = this;
    const scanner = this.#scanner ??= new HeadScanner();
    if (this.#scanned === 0) {
      wire.start = skipEmptyLines(wire.bytes, wire.start, wire.end);
      // The first byte of an empty line: its second byte may follow.
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

  /** Answers a client that may still be sending; its connection is closed afterwards. */
  async turnAway(failure: FailureMessage): Promise<void> {
    this.#refused = true;
    this.#expect("closing", this.#services.linger.readMs);
    await this.fail(failure);
  }

  /** Ends the connection after its last response while the client may still be sending. */
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
