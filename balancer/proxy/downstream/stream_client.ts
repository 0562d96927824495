/**
 * A stream of HTTP/2 as a client: the connection of HTTP/1.1 in memory that carries it.
 *
 * @module
 */
import type { ClientServices } from "./client_services.ts";
import { ClientConnection } from "./client_connection.ts";
import type { ClientTls } from "../request/client.ts";
import type { ClientPort } from "../request/client_port.ts";
import type { Connection } from "../transport/connection.ts";
import type { StreamChannel } from "./stream_channel.ts";

/** The facts about a connection that its streams share. */
export interface StreamOrigin {
  /** IP address of the client. */
  readonly address: string;
  /** Whether its `X-Forwarded-*` fields are believed. */
  readonly trusted: boolean;
  /** The port through which it came. */
  readonly port: ClientPort;
  /** Field lines of its requests, each with its end; those of the port if undefined. */
  readonly clientFields?: Uint8Array | undefined;
  /** Facts about its TLS; undefined without TLS. */
  readonly tls?: ClientTls | undefined;
}

/** Serves one stream after the other, like the requests of a connection that is kept. */
export class StreamClient extends ClientConnection {
  readonly #onRest: (client: StreamClient) => void;

  /**
   * @param services services shared by the client connections of one worker
   * @param wire the in-memory connection
   * @param channel its other end
   * @param origin facts about the connection of HTTP/2
   * @param onRest receives the client when it can take another stream
   */
  constructor(
    services: ClientServices,
    wire: Connection,
    readonly channel: StreamChannel,
    origin: StreamOrigin,
    onRest: (client: StreamClient) => void,
  ) {
    const { address, trusted, port, clientFields, tls } = origin;
    super(services, wire, address, trusted, port, clientFields, tls);
    this.#onRest = onRest;
  }

  override get requestFields(): Uint8Array {
    return this.clientFields ?? this.port.http2Fields;
  }

  override get http2(): boolean {
    return true;
  }

  override get streamId(): number {
    return this.channel.streamId;
  }

  override rest(): void {
    super.rest();
    this.#onRest(this);
  }
}
