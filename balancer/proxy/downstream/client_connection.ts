/**
 * A client's connection: reads requests one after the other and has each answered.
 *
 * @module
 */
import { clientOf } from "./client_address.ts";
import { failureBytes, type FailureMessage } from "../errors/error_response.ts";
import { GeneralPath } from "./general_path.ts";
import type { ClientServices } from "./client_services.ts";
import type { ClientHost, OpenClient } from "./open_client.ts";
import { ClientRequest } from "./client_request.ts";
import { closeInStages } from "./staged_close.ts";
import { HalfClosed } from "./half_closed.ts";
import type { RequestHead } from "../http1/request_head.ts";
import { ascii } from "../http1/writer.ts";
import { PrivateConnections } from "../upstream/private_connections.ts";
import { RequestBody } from "../request/body.ts";
import { FastPath, type FastPathExit } from "../forward/fast_path.ts";
import type { Client, ClientTls } from "../request/client.ts";
import type { ClientPort } from "../request/client_port.ts";
import { RequestTimer } from "../telemetry/request_timer.ts";
import type { InstancePool } from "../upstream/connection_pool.ts";
import type { UpstreamConnection } from "../upstream/upstream_connection.ts";
import type { Connection } from "../transport/connection.ts";
import type { ConnectionListener } from "../transport/connection_events.ts";
import { Disconnected } from "../transport/connection_reader.ts";

/**
 * One client connection. Its services for requests are created at its first bytes, since many
 * clients connect and send nothing. An idle connection has no suspended function.
 */
export class ClientConnection extends ClientRequest
  implements Client, ConnectionListener, OpenClient {
  #fastPath: FastPath | undefined;
  #generalPath: GeneralPath | undefined;
  #host: ClientHost | undefined;
  /** Connections to replicas that are reserved for this client; created with the first of them. */
  #private: PrivateConnections | undefined;
  #gone = false;
  #ended = false;
  #halfClosed: HalfClosed | undefined;
  /** Set while a request waits for a replica: ends the wait. */
  #leave: (() => void) | undefined;

  /**
   * @param services services shared by the client connections of one worker
   * @param transport the connection
   * @param address IP address of the client
   * @param trusted whether the peer's statements about the origin of requests are believed
   * @param port the port through which the client came
   * @param clientFields field lines of its requests, each with its end; those of the port if undefined
   */
  constructor(
    services: ClientServices,
    readonly transport: Connection,
    readonly address: string,
    readonly trusted: boolean,
    readonly port: ClientPort,
    readonly clientFields?: Uint8Array | undefined,
    readonly tls: ClientTls | undefined = undefined,
  ) {
    super(services);
    this.origin = address;
    transport.watcher = this;
  }

  /** Creates the services that requests need. */
  #awake(): FastPath {
    this.addressBytes = ascii(this.address);
    this.body = new RequestBody();
    this.events = new RequestTimer(this.services.telemetry, this);
    return this.#fastPath = new FastPath(this.services.fastPath, this);
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
    this.origin = clientOf(this.address, this.transport.bytes, head, this.services.trusted);
    const { record } = this.events;
    if (record) record.client = this.origin;
  }

  get requestFields(): Uint8Array {
    return this.clientFields ?? this.port.requestFields;
  }

  get streamId(): number {
    return 0;
  }

  /** Whether its requests come by HTTP/2. */
  get http2(): boolean {
    return false;
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

  /**
   * Serves the connection to its end.
   *
   * @param host receives the end of the connection
   */
  run(host: ClientHost): void {
    this.#host = host;
    this.expect("idle", this.services.timeouts.head);
    // The bytes followed a PROXY head.
    if (this.transport.unread > 0) this.#awake().serve();
    else this.transport.startRead();
  }

  /** Serves a request that the fast path hands over; the fast path may serve the next one. */
  async takeOver(handover: FastPathExit): Promise<void> {
    // Let the fast path's callback return first.
    await null;
    let more = false;
    try {
      more = await (this.#generalPath ??= new GeneralPath(this.services, this)).serve(handover);
    } catch (error) {
      // A client that is gone needs no answer; no more of its bytes are read.
      if (!(error instanceof Disconnected)) this.services.recordFailure("proxy.request", error);
    } finally {
      if (!more) this.#finish();
    }
    if (more) this.#fastPath?.serve();
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
      await closeInStages(this, this.services.turnedAway, this.services);
    } catch (error) {
      // The client left before the answer.
      if (!(error instanceof Disconnected)) this.services.recordFailure("proxy.refuse", error);
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
    if (this.#halfClosed) this.services.deadlines.delete(this.#halfClosed);
    this.upstream?.close();
    this.transport.close();
    this.#leave?.();
  }

  /** The worker drains: idle connections are closed, a running request may finish. */
  drain(): void {
    if (this.phase === "idle") this.close();
  }

  cut(streaming: boolean): void {
    if (this.streaming === streaming) this.close();
  }

  onDeadline(): void {
    if (this.phase !== "head") return this.close();
    this.work();
    this.#generalPath?.onHeadTimeout();
  }

  /** A request was answered: the next one may come. */
  rest(): void {
    this.origin = this.address;
    this.transport.shrinkBuffer();
    this.expect("idle", this.services.timeouts.keepAlive);
  }

  /** Reads ahead, so that a client that leaves is noticed while a replica works for it. */
  watch(): void {
    if (this.transport.end === this.transport.bytes.length && this.transport.unread > 0) return;
    this.transport.startRead();
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
    if (this.#ended || this.transport.closed) return;
    this.#ended = true;
    this.services.deadlines.add(this.#halfClosed = new HalfClosed(this));
    if (this.streaming && !this.tunnelling) this.#expectStream();
    if (this.body.missing > this.transport.unread && !this.upload) this.left();
  }

  /** The client of an endless response has probably left: a silent stream is not kept for long. */
  #expectStream(): void {
    const { upstream } = this;
    const latest = this.services.requestDeadlines.responseBody();
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
    if (this.#gone || this.transport.closed) leave();
    else this.watch();
  }

  /** The request no longer waits. */
  unhold(): void {
    this.#leave = undefined;
  }

  /** Answers with an error of the balancer. */
  async fail(failure: FailureMessage): Promise<void> {
    const answer = this.services.errorPages.present(failure);
    try {
      await this.transport.write(failureBytes(this.#ownAnswer(answer)));
    } finally {
      this.events.rejectionSent(answer);
    }
  }

  #ownAnswer(failure: FailureMessage): FailureMessage {
    const { ownFields } = this.port;
    if (ownFields.length === 0) return failure;
    return { ...failure, fields: [...(failure.fields ?? []), ...ownFields] };
  }

  /** Answers a client that may still be sending; its connection is closed afterwards. */
  async turnAway(failure: FailureMessage): Promise<void> {
    this.refused = true;
    this.startClosing();
    await this.fail(failure);
  }
}
