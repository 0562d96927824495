/**
 * A client's connection when its application protocol begins: after the header of the PROXY protocol
 * and the TLS handshake, if the listener has them.
 *
 * @module
 */
import type { ClientPort } from "../request/client_port.ts";
import type { Connection } from "../transport/connection.ts";
import type { Session } from "../transport/tls_facts.ts";
import type { ClientIdentity } from "../transport/tls_handshake.ts";

/** A connection that is ready to be served. */
export interface Arrival {
  /** Its decrypted bytes. */
  readonly transport: Connection;
  /** IP address of the client: the connection's, or the one in its PROXY head. */
  readonly address: string;
  /** Whether the peer's statements about the origin of requests are believed. */
  readonly trusted: boolean;
  readonly port: ClientPort;
  /** Facts about TLS, with the negotiated application protocol; undefined without TLS. */
  readonly tls: TlsFacts | undefined;
}

/** Facts about a connection's TLS. */
interface TlsFacts extends Session {
  /** The server name that the client asked for; empty without one. */
  readonly serverName: string;
  /** Identity of the client by its certificate; undefined without one. */
  readonly client: ClientIdentity | undefined;
}
