/**
 * A stream of HTTP/2 as a client: the connection of HTTP/1.1 in memory that carries it.
 *
 * @module
 */
import type { ClientServices } from "./client_services.ts";
import { ClientConnection } from "./client_connection.ts";
import type { Connection } from "../transport/connection.ts";
import type { StreamChannel } from "./stream_channel.ts";

/** The facts about a connection that its streams share. */
export interface StreamOrigin {
  /** IP address of the client. */
  readonly address: string;
  /** Whether its `X-Forwarded-*` fields are believed. */
  readonly trusted: boolean;
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
    super(services, wire, origin.address, origin.trusted);
    this.#onRest = onRest;
  }

  override get http2(): boolean {
    return true;
  }

  override rest(): void {
    super.rest();
    this.#onRest(this);
  }
}
