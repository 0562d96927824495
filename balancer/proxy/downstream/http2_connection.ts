/**
 * A client's connection of HTTP/2: frames on one side, a client for each stream on the other.
 *
 * @module
 */
import { ConnectionError, SETTINGS_TIMEOUT } from "../http2/error_code.ts";
import { MAX_PAYLOAD } from "../http2/frame.ts";
import type { RequestFields } from "../http2/request_fields.ts";
import { Session } from "../http2/session.ts";
import type { SessionListener } from "../http2/session_state.ts";
import type { Stream, StreamOwner } from "../http2/stream.ts";
import type { Buffer } from "../transport/buffers.ts";
import type { Connection } from "../transport/connection.ts";
import type { ConnectionListener } from "../transport/connection_events.ts";
import { Disconnected } from "../transport/connection_reader.ts";
import { IO_BATCHES, type Staged } from "../transport/io_batches.ts";
import { DropBudget, linger } from "../transport/linger.ts";
import type { Http2Services } from "./http2_services.ts";
import { Http2Times } from "./http2_times.ts";
import type { ClientHost, OpenClient } from "./open_client.ts";
import type { ChannelHost, StreamChannel } from "./stream_channel.ts";
import type { StreamOrigin } from "./stream_client.ts";
import { StreamClients } from "./stream_clients.ts";

/** While this many bytes of frames wait, nothing more is read. */
const MOST_WAITING = 128 * 1024;

/** Idle time, in milliseconds, after which the memory for a page's streams is given back. */
const SHRINK_MS = 2000;

/** One connection. */
export class Http2Connection
  implements OpenClient, ConnectionListener, Staged, SessionListener, ChannelHost {
  readonly session: Session;
  readonly #services: Http2Services;
  readonly #origin: StreamOrigin;
  readonly #transport: Connection;
  #host: ClientHost | undefined;
  readonly #clients: StreamClients;
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
  readonly #times: Http2Times;
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
    this.#clients = new StreamClients(services, this, origin);
    this.#times = new Http2Times(services.clients.deadlines, services.timeouts);
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
    return this.#times.idleMs;
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
    this.#times.inBlock = this.session.inBlock;
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
    return this.#clients.begin(stream, fields);
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
    this.#times.idle();
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
    this.#times.sending = true;
    this.#transport.send(this.#sending, length);
  }

  onWritten(): void {
    if (this.#sending) this.session.frames.recycle(this.#sending);
    this.#sending = undefined;
    this.#times.sending = false;
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
    const times = this.#times;
    this.session.budget.earn(times.earnedFrames());
    if (times.stalled) return this.close();
    if (times.drainAnnounced) this.session.endService();
    if (this.#ended) this.#probe();
    if (this.session.streams.size > 0) return;
    if (times.idleMs > SHRINK_MS) this.#clients.shrink();
    const { head, keepAlive } = this.#services.timeouts;
    if (!this.session.acknowledged && times.idleMs > head) this.#onSilence();
    else if (times.idleMs > keepAlive) this.#end();
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
    this.#times.drain();
    this.session.announceEnd();
  }

  cut(streaming: boolean): void {
    this.#clients.cut(streaming);
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
    this.#clients.close();
    this.#transport.close();
    this.#host?.left(this);
  }
}
