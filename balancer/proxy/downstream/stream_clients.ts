/**
 * The clients of the streams of one connection of HTTP/2. A client serves one stream after the
 * other.
 *
 * @module
 */
import type { RequestFields } from "../http2/request_fields.ts";
import type { Stream, StreamOwner } from "../http2/stream.ts";
import { Connection } from "../transport/connection.ts";
import type { Batches } from "../transport/io_batches.ts";
import type { Http2Services } from "./http2_services.ts";
import type { ClientHost, OpenClient } from "./open_client.ts";
import { type ChannelHost, StreamChannel } from "./stream_channel.ts";
import { StreamClient, type StreamOrigin } from "./stream_client.ts";

/** Unused stream clients that are kept: the streams of a page. */
const MOST_UNUSED = 32;

/** Streams need no turns of their own: their bytes arrive and leave in those of the connection. */
const IN_MEMORY: Batches = {
  filled: (one) => one.deliver(),
  send: (one) => one.beginSend(),
  read: (one) => one.beginRead(),
  wrote() {},
};

/** The clients of one connection. */
export class StreamClients implements ClientHost {
  readonly #services: Http2Services;
  readonly #channels: ChannelHost;
  readonly #origin: StreamOrigin;
  readonly #all = new Set<StreamClient>();
  readonly #unused: StreamClient[] = [];
  #closed = false;

  /**
   * @param services services shared by the connections of one worker
   * @param channels the connection that carries the streams
   * @param origin facts about the connection that its streams share
   */
  constructor(services: Http2Services, channels: ChannelHost, origin: StreamOrigin) {
    this.#services = services;
    this.#channels = channels;
    this.#origin = origin;
  }

  /** A stream begins. @returns the receiver of its body and its end */
  begin(stream: Stream, fields: RequestFields): StreamOwner {
    const client = this.#unused.pop() ?? this.#newClient();
    client.channel.begin(stream, fields);
    return client.channel;
  }

  /** Ends the unused clients but one: the connection is idle, and each has memory. */
  shrink(): void {
    for (const client of this.#unused.slice(1)) client.close();
  }

  /** Ends the clients that stream, or those that do not. */
  cut(streaming: boolean): void {
    for (const client of this.#all) if (client.streaming === streaming) client.close();
  }

  /** Ends all clients. */
  close(): void {
    this.#closed = true;
    for (const client of this.#all) client.close();
  }

  /** A stream's client has ended. */
  left(client: OpenClient): void {
    this.#services.clients.deadlines.delete(client);
    this.#all.delete(client as StreamClient);
    const index = this.#unused.indexOf(client as StreamClient);
    if (index >= 0) this.#unused.splice(index, 1);
  }

  #newClient(): StreamClient {
    const { clients, buffers } = this.#services;
    const channel = new StreamChannel(this.#channels);
    const wire = new Connection(channel, buffers, "client", undefined, channel, IN_MEMORY);
    const client = new StreamClient(clients, wire, channel, this.#origin, this.#onRest);
    this.#all.add(client);
    clients.deadlines.add(client);
    client.run(this);
    return client;
  }

  readonly #onRest = (client: StreamClient): void => {
    if (!client.channel.usable || this.#closed) return;
    if (this.#unused.length < MOST_UNUSED) this.#unused.push(client);
    // Not at once: the client is about to wait for its next request.
    else queueMicrotask(() => client.close());
  };
}
