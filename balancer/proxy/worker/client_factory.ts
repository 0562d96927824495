/**
 * Makes the client of an accepted connection.
 *
 * @module
 */
import type { Arrival } from "../downstream/arrival.ts";
import { ClientConnection } from "../downstream/client_connection.ts";
import { Http2Connection } from "../downstream/http2_connection.ts";
import type { NamedClient } from "../downstream/proxy_heads.ts";
import type { ClientTls } from "../request/client.ts";
import { type ClientPort, fieldsOfClient, plainPort, securePort } from "../request/client_port.ts";
import type { ProxySettings } from "../settings.ts";
import { Connection } from "../transport/connection.ts";
import type { ClientIdentity } from "../transport/tls_handshake.ts";
import type { WorkerContext } from "./worker_context.ts";

/** The TLS of a connection that begins to speak HTTP/2, where it has one. */
interface SecuredBy {
  readonly tls?: (ClientTls & { readonly client?: ClientIdentity | undefined }) | undefined;
}

/** Makes the clients of one listener. */
export class ClientFactory {
  readonly #proxy: WorkerContext;
  readonly #plainPort: ClientPort;
  readonly #securePort: ClientPort | undefined;

  /** @param proxy the worker's services */
  constructor(proxy: WorkerContext) {
    this.#proxy = proxy;
    const { listen, tls, via } = proxy.settings;
    this.#plainPort = plainPort(listen.port, via);
    this.#securePort = tls && securePort(tls.listen.port, via, tls.hsts);
  }

  /** Takes changed settings: whether messages name the proxy. */
  reconfigure({ via }: Pick<ProxySettings, "via">): void {
    const { listen, tls } = this.#proxy.settings;
    Object.assign(this.#plainPort, plainPort(listen.port, via));
    if (this.#securePort && tls) {
      Object.assign(this.#securePort, securePort(tls.listen.port, via, tls.hsts));
    }
  }

  /** A connection to the port without TLS. */
  plainArrival(connection: Deno.TcpConn, { address, rest }: NamedClient): Arrival {
    const { buffers, counters: { own }, trustedProxies } = this.#proxy;
    const transport = new Connection(connection, buffers, "client", own);
    if (rest) transport.prepend(rest);
    const trusted = trustedProxies.has(address);
    return { transport, address, trusted, port: this.#plainPort, tls: undefined };
  }

  /** A connection to the TLS port, after its handshake. */
  secureArrival(
    transport: Connection,
    address: string,
    trusted: boolean,
    tls: NonNullable<Arrival["tls"]>,
  ): Arrival {
    return { transport, address, trusted, port: this.#securePort!, tls };
  }

  /** A client that speaks HTTP/1.1. */
  client(arrival: Arrival): ClientConnection {
    const { transport, address, trusted, port, tls } = arrival;
    const fields = fieldsOf(arrival, port.requestFields);
    const { clients } = this.#proxy;
    return new ClientConnection(clients, transport, address, trusted, port, fields, tls);
  }

  /** A client that speaks HTTP/2. */
  http2(arrival: Omit<Arrival, "tls"> & SecuredBy): Http2Connection {
    const { transport, address, trusted, port, tls } = arrival;
    const clientFields = fieldsOf(arrival, port.http2Fields);
    const origin = { address, trusted, port, clientFields, tls };
    return new Http2Connection(this.#proxy.http2, transport, origin);
  }
}

/**
 * The field lines that identify a client by its certificate. A trusted proxy names its own clients.
 *
 * @param fields the field lines of the port
 * @returns undefined where those of the port suffice
 */
function fieldsOf(
  { tls, trusted }: SecuredBy & Pick<Arrival, "trusted">,
  fields: Uint8Array,
): Uint8Array | undefined {
  return tls?.client && !trusted ? fieldsOfClient(fields, tls.client) : undefined;
}
