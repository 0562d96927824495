/**
 * A client's connection of HTTP/2: frames on one side, a client for each stream on the other.
 *
 * @module
 */
import { ConnectionError, SETTINGS_TIMEOUT } from "../http2/error_code.ts";
import { MAX_PAYLOAD } from "../http2/frame.ts";
import type { RequestFields } from "../http2/request_fields.ts";
import { Session } from "../http2/session.ts";
import type { SessionLimits, SessionListener } from "../http2/session_state.ts";
import type { Stream, StreamOwner } from "../http2/stream.ts";
import type { OwnCounters } from "../stats/counters.ts";
import type { Buffer, BufferPool } from "../transport/buffers.ts";
import { Connection } from "../transport/connection.ts";
import type { ConnectionListener } from "../transport/connection_events.ts";
import { Disconnected } from "../transport/connection_reader.ts";
import { type Batches, IO_BATCHES, type Staged } from "../transport/io_batches.ts";
import { DropBudget, linger } from "../transport/linger.ts";
import type { Timeouts } from "../settings.ts";
import type { ClientServices } from "./client_services.ts";
import type { ClientHost, OpenClient } from "./open_client.ts";
import { type ChannelHost, StreamChannel } from "./stream_channel.ts";
import { StreamClient, type StreamOrigin } from "./stream_client.ts";

/** Services shared by the connections of HTTP/2 of one worker. */
export interface Http2Services {
  readonly clients: ClientServices;
  readonly buffers: BufferPool;
  readonly limits: SessionLimits;
  readonly timeouts: Pick<Timeouts, "head" | "keepAlive" | "responseBody">;
  readonly counters: Pick<
    OwnCounters,
    "http2Opened" | "http2Stream" | "http2StreamError" | "http2ConnectionError"
  >;
}

/** While this many bytes of frames wait, nothing more is read. */
const MOST_WAITING = 128 * 1024;

/** Unused stream clients that are kept: the streams of a page. */
const MOST_UNUSED = 32;

/** Time for the client to see the first GOAWAY, in milliseconds. */
const DRAIN_MS = 1000;

/** One frame of the budget is paid back in this time, in milliseconds. */
const EARN_MS = 100;

/** Streams need no turns of their own: their bytes arrive and leave in those of the connection. */
const IN_MEMORY: Batches = {
  filled: (one) => one.deliver(),
  send: (one) => one.beginSend(),
  read: (one) => one.beginRead(),
  wrote() {},
};

/** One connection. */
export class Http2Connection
  implements OpenClient, ConnectionListener, Staged, SessionListener, ChannelHost, ClientHost {
  readonly session: Session;
  readonly #services: Http2Services;
  readonly #origin: StreamOrigin;
  readonly #transport: Connection;
  #host: ClientHost | undefined;
  readonly #clients = new Set<StreamClient>();
  readonly #unused: StreamClient[] = [];
  readonly #touched: StreamChannel[] = [];
  #sending: Buffer | undefined;
  #staged = false;
  /** Reading pauses until the client has taken more frames. */
  #paused = false;
  /** The client has ended its side. */
  #ended = false;
  #probing = false;
  #closing = false;
  #over = false;
  /** When the connection became idle, its head, its write or its drain began. */
  #idleSince: number;
  #blockSince: number | undefined;
  #sendingSince = 0;
  #drainSince: number | undefined;
  #earnedAt: number;
  #lingerUntil = Infinity;

  /**
   * @param services services shared by the connections of one worker
   * @param wire the connection
   * @param origin facts about it that its streams share
   */
  constructor(services: Http2Services, wire: Connection, origin: StreamOrigin) {
    this.#services = services;
    this.#transport = wire;
    this.#origin = origin;
    this.session = new Session(services.limits, this, services.buffers);
    this.#idleSince = this.#earnedAt = services.clients.deadlines.now;
    wire.watcher = this;
  }

  get address(): string {
    return this.#origin.address;
  }

  get trusted(): boolean {
    return this.#origin.trusted;
  }

  /** Every tick checks it: several deadlines run at once. */
  get deadlineAt(): number {
    return this.#closing ? this.#lingerUntil : -Infinity;
  }

  get waitedMs(): number {
    if (this.session.streams.size > 0) return 0;
    return Math.max(0, this.#now - this.#idleSince);
  }

  get #now(): number {
    return this.#services.clients.deadlines.now;
  }

  /**
   * Serves the connection to its end.
   *
   * @param host receives the end
   */
  run(host: ClientHost): void {
    this.#host = host;
    this.#services.counters.http2Opened();
    this.session.open();
    // The bytes by which the protocol was recognized.
    if (this.#transport.unread > 0) this.onData(true);
    else this.#transport.startRead();
  }

  onData(more: boolean): void {
    if (this.#closing) return;
    if (!more) return this.#onEnd();
    const wire = this.#transport;
    wire.start = this.session.receive(wire.bytes, wire.start, wire.end);
    this.#deliver();
    if (this.session.error) return this.#onError();
    this.#blockSince = this.session.inBlock ? this.#blockSince ?? this.#now : undefined;
    this.#read();
  }

  #deliver(): void {
    for (const channel of this.#touched) channel.deliver();
    this.#touched.length = 0;
  }

  #read(): void {
    this.#paused = this.session.frames.length > MOST_WAITING;
    if (this.#paused || this.#closing || this.#ended) return;
    const wire = this.#transport;
    // A body arrives in large pieces, and a frame must fit.
    if (this.session.streams.size === 0 && wire.unread === 0) wire.shrinkBuffer();
    else if (wire.unread > 0 || wire.bytes.length < MAX_PAYLOAD && this.#receiving) wire.makeRoom();
    wire.startRead();
  }

  /** Whether a request's body is arriving. */
  get #receiving(): boolean {
    for (const stream of this.session.streams.values()) if (!stream.remoteClosed) return true;
    return false;
  }

  onBreak(): void {
    this.close();
  }

  /** A client that may still read is served; GOAWAY shows whether it does. */
  #onEnd(): void {
    this.#ended = true;
    for (const stream of [...this.session.streams.values()]) {
      if (!stream.remoteClosed) this.session.abandon(stream);
    }
    this.session.announceEnd();
    this.session.endService();
    if (this.session.streams.size === 0) this.#finish();
  }

  #onError(): void {
    this.#services.counters.http2ConnectionError();
    this.#finish();
  }

  onRequest(stream: Stream, fields: RequestFields): StreamOwner {
    this.#services.counters.http2Stream();
    const client = this.#unused.pop() ?? this.#newClient();
    client.channel.begin(stream, fields);
    return client.channel;
  }

  #newClient(): StreamClient {
    const { clients, buffers } = this.#services;
    const channel = new StreamChannel(this);
    const wire = new Connection(channel, buffers, "client", undefined, channel, IN_MEMORY);
    const client = new StreamClient(clients, wire, channel, this.#origin, this.#onRest);
    this.#clients.add(client);
    clients.deadlines.add(client);
    client.run(this);
    return client;
  }

  readonly #onRest = (client: StreamClient): void => {
    if (!client.channel.usable || this.#over) return;
    if (this.#unused.length < MOST_UNUSED) this.#unused.push(client);
    // Not at once: the client is about to wait for its next request.
    else queueMicrotask(() => client.close());
  };

  /** A stream's client has ended. */
  left(client: OpenClient): void {
    this.#services.clients.deadlines.delete(client);
    this.#clients.delete(client as StreamClient);
    const index = this.#unused.indexOf(client as StreamClient);
    if (index >= 0) this.#unused.splice(index, 1);
  }

  touched(channel: StreamChannel): void {
    if (this.#touched.at(-1) !== channel) this.#touched.push(channel);
  }

  failed(error: unknown): void {
    this.#services.clients.recordFailure("proxy.http2", error);
  }

  onStreamError(): void {
    this.#services.counters.http2StreamError();
  }

  onIdle(): void {
    this.#idleSince = this.#now;
    if (this.session.served && this.session.error === undefined) {
      queueMicrotask(() => this.#finish());
    }
  }

  onFrames(): void {
    if (this.#sending || this.#staged || this.#over) return;
    this.#staged = true;
    IO_BATCHES.send(this);
  }

  deliver(): void {}

  beginRead(): void {}

  /** All frames of one turn go out together. */
  beginSend(): void {
    this.#staged = false;
    if (this.#over) return;
    const { frames } = this.session;
    const { length } = frames;
    this.#sending = frames.take();
    this.session.taken();
    if (!this.#sending) return;
    this.#sendingSince = this.#now;
    this.#transport.send(this.#sending, length);
  }

  onWritten(): void {
    if (this.#sending) this.session.frames.recycle(this.#sending);
    this.#sending = undefined;
    this.session.queue.run();
    if (this.session.frames.length > 0) this.onFrames();
    else if (this.#closing) return void this.#linger();
    if (this.#paused) this.#read();
  }

  onWriteError(): void {
    this.#sending = undefined;
    this.close();
  }

  onDeadline(): void {
    if (this.#closing) return this.close();
    const { head, keepAlive, responseBody } = this.#services.timeouts;
    const now = this.#now;
    this.#earn(now);
    if (this.#sending && now - this.#sendingSince > responseBody) return this.close();
    if (this.#blockSince !== undefined && now - this.#blockSince > head) return this.close();
    if (this.#drainSince !== undefined && now - this.#drainSince > DRAIN_MS) {
      this.session.endService();
    }
    if (this.#ended) this.#probe();
    if (this.session.streams.size > 0) return;
    const waited = now - this.#idleSince;
    if (!this.session.acknowledged && waited > head) this.#onSilence();
    else if (waited > keepAlive) this.#end();
  }

  #earn(now: number): void {
    const frames = Math.floor((now - this.#earnedAt) / EARN_MS);
    if (frames === 0) return;
    this.#earnedAt = now;
    this.session.budget.earn(frames);
  }

  /** The preface is missing, or the acknowledgement of our settings. */
  #onSilence(): void {
    if (!this.session.prefaced) return this.close();
    this.session.fail(new ConnectionError(SETTINGS_TIMEOUT, "SETTINGS were not acknowledged"));
    this.#onError();
  }

  #probe(): void {
    if (this.#probing) return;
    this.#probing = true;
    this.#transport.probe().then((alive) => {
      this.#probing = false;
      if (!alive) this.close();
    });
  }

  /** Both steps at once: no request is under way. */
  #end(): void {
    this.session.announceEnd();
    this.session.endService();
  }

  drain(): void {
    this.#drainSince ??= this.#now;
    this.session.announceEnd();
  }

  cut(streaming: boolean): void {
    for (const client of this.#clients) if (client.streaming === streaming) client.close();
    if (this.session.streams.size === 0) this.close();
  }

  /** The last frames are sent, then the connection is closed in stages. */
  #finish(): void {
    if (this.#closing || this.#over) return;
    this.#closing = true;
    this.#lingerUntil = this.#services.clients.deadlines.in(this.#services.clients.linger.readMs);
    if (!this.#sending && !this.#staged && this.session.frames.length === 0) void this.#linger();
  }

  async #linger(): Promise<void> {
    const { deadlines, linger: settings, recordFailure } = this.#services.clients;
    if (this.#ended) return this.close();
    try {
      const budget = new DropBudget(deadlines, settings);
      await linger(this.#transport, budget, (at) => this.#lingerUntil = at);
    } catch (error) {
      if (!(error instanceof Disconnected)) recordFailure("proxy.http2", error);
    } finally {
      this.close();
    }
  }

  close(): void {
    if (this.#over) return;
    this.#over = this.#closing = true;
    this.#lingerUntil = Infinity;
    for (const client of this.#clients) client.close();
    this.#transport.close();
    this.#host?.left(this);
  }
}
