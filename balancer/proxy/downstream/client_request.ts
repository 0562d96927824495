/**
 * The state of the request that a client's connection carries.
 *
 * @module
 */
import type { RequestBody } from "../request/body.ts";
import type { Upload } from "../request/upload.ts";
import type { RequestTimer } from "../telemetry/request_timer.ts";
import type { UpstreamConnection } from "../upstream/upstream_connection.ts";
import { ClientPhases } from "./client_phases.ts";

/**
 * The current request of one connection. {@linkcode ClientConnection} extends it, so that a request
 * costs no further object.
 */
export class ClientRequest extends ClientPhases {
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
  /** The client's address as written into `X-Forwarded-For`. */
  addressBytes!: Uint8Array;
  /** The client's address; behind trusted proxies the address that the current request names. */
  origin = "";
  /** Set once a request was refused before its end was read. */
  refused = false;

  /** Whether the current request was read to its end. */
  get read(): boolean {
    return this.body.complete && (!this.upload || this.upload.complete);
  }

  /** Whether the current request was sent to the replica to its end. */
  get sent(): boolean {
    return this.body.complete && (!this.upload || this.upload.sent);
  }
}
