/**
 * Accepts connections, and drains them.
 *
 * @module
 */
import type { Address, DrainDeadlines } from "../../view.ts";
import { AcceptErrors } from "../transport/accept_errors.ts";
import { acceptAll } from "../transport/accept_loop.ts";
import type { ConnectionLimits } from "../downstream/connection_limits.ts";
import type { ClientConnection } from "../downstream/client_connection.ts";
import type { Http2Connection } from "../downstream/http2_connection.ts";
import type { ClientHost, OpenClient } from "../downstream/open_client.ts";
import { ProtocolChoice } from "../downstream/protocol_choice.ts";
import { type FailureMessage, RETRY_AFTER_S } from "../errors/error_response.ts";
import { OpenClients } from "../downstream/open_clients.ts";
import { closeQuietly, type NamedClient, ProxyHeads } from "../downstream/proxy_heads.ts";
import { HTTP2, TlsPort } from "../downstream/tls_port.ts";
import type { ProxySettings, TlsSettings } from "../settings.ts";
import type { Credentials } from "../transport/certificate_table.ts";
import { ClientFactory } from "./client_factory.ts";
import type { WorkerContext } from "./worker_context.ts";
import { OUT_OF_ROOM } from "../errors/refusal.ts";
import { Connection } from "../transport/connection.ts";

const TOO_MANY = "too many connections; try again";

const NO_CREDENTIALS: Credentials = { certificates: [], clientCa: undefined };

/** Response to HTTP without TLS on a TLS port (RFC 9110, section 15.5.1), as other servers send it. */
const WITHOUT_TLS = "this port speaks TLS; use https://";

/** The listener of one worker. */
export class Listener implements ClientHost {
  readonly #proxy: WorkerContext;
  readonly #limits: ConnectionLimits;
  readonly #listeners: Deno.TcpListener[] = [];
  readonly #proxyHeads: ProxyHeads;
  readonly #tls: TlsPort | undefined;
  readonly #factory: ClientFactory;
  readonly #errors: AcceptErrors;
  readonly #clients: OpenClients;

  /**
   * Listens, together with the other workers, on the configured ports.
   *
   * @param proxy the worker's services
   * @param limits limits of connections
   * @param credentials certificates of the port that speaks TLS
   */
  constructor(
    proxy: WorkerContext,
    limits: ConnectionLimits,
    credentials: Credentials = NO_CREDENTIALS,
  ) {
    this.#proxy = proxy;
    this.#limits = limits;
    this.#clients = new OpenClients(proxy.deadlines, proxy.counters.own);
    this.#proxyHeads = new ProxyHeads(proxy);
    this.#errors = new AcceptErrors((message) => proxy.recordFailure("proxy.accept", message));
    const { listen, tls } = proxy.settings;
    this.#factory = new ClientFactory(proxy);
    this.#listen(listen, (connection) => this.#serve(connection));
    if (!tls) return;
    this.#tls = openTlsPort(proxy, tls, credentials);
    this.#listen(tls.listen, (connection) => this.#serveTls(connection));
  }

  get port(): number {
    return this.#listeners[0]!.addr.port;
  }

  /** The port that speaks TLS; undefined without one. */
  get tlsPort(): number | undefined {
    return this.#listeners[1]?.addr.port;
  }

  /** Takes changed settings: whether messages name the proxy. */
  reconfigure(settings: Pick<ProxySettings, "via">): void {
    this.#factory.reconfigure(settings);
  }

  /** Presents other certificates to new connections. */
  certify(credentials: Credentials): void {
    this.#tls?.certify(credentials);
  }

  /**
   * Stops accepting, closes idle connections, and lets the others finish.
   *
   * @param deadlines requests and streams that run longer are cut off; held requests keep waiting
   */
  async drain(deadlines: DrainDeadlines): Promise<void> {
    this.#proxy.drain.draining = true;
    for (const listener of this.#listeners) listener.close();
    this.#tls?.close();
    this.#errors.close();
    await this.#clients.drain(deadlines);
  }

  #listen({ hostname, port }: Address, serve: (connection: Deno.TcpConn) => Promise<void>): void {
    const listener = Deno.listen({ hostname, port, reusePort: true, tcpBacklog: 4096 });
    this.#listeners.push(listener);
    const { connectionQueue, descriptors, counters } = this.#proxy;
    acceptAll(listener, {
      room: () => connectionQueue.roomToAccept(),
      serve,
      onServeError: (error) => this.#proxy.recordFailure("proxy.connection", error),
      onAcceptError: (error) => {
        counters.own.acceptFailed();
        this.#errors.failed(error);
      },
      onOutOfFiles: () => descriptors.spent(),
      closed: () => this.#proxy.draining,
    });
  }

  /** No function stays suspended for an idle client: it would cost memory. */
  async #serve(connection: Deno.TcpConn): Promise<void> {
    this.#proxy.descriptors.enterClient();
    let served = false;
    try {
      const named = this.#proxyHeads.nameOf(connection);
      served = await this.#begin(connection, named instanceof Promise ? await named : named);
    } finally {
      if (!served) this.#gone();
    }
  }

  /** @returns whether the client is now served */
  async #begin(connection: Deno.TcpConn, named: NamedClient | undefined): Promise<boolean> {
    if (!named) return false;
    const { address } = named;
    const client = this.#factory.client(this.#factory.plainArrival(connection, named));
    if (this.#proxy.connectionQueue.crowded) return await this.#turnAway(client, OUT_OF_ROOM);
    if (!this.#allows(address, client.trusted)) {
      // A rejected connection does not count against its address while it lingers.
      this.#limits.leave(address);
      return await this.#turnAway(client, TOO_MANY);
    }
    this.#start(this.#proxy.settings.http2.cleartext ? this.#choice(client) : client, connection);
    return true;
  }

  /** Lets the first bytes of a client decide about its protocol. */
  #choice(client: ClientConnection): ProtocolChoice {
    const { deadlines, settings } = this.#proxy;
    const { head } = settings.timeouts;
    const choice = new ProtocolChoice(client.transport, client, deadlines, head, (http2) => {
      this.#clients.leave(choice);
      const chosen = http2 ? this.#factory.http2(client) : client;
      this.#clients.enter(chosen);
      client.transport.watcher = chosen;
      chosen.run(this);
    });
    return choice;
  }

  #start(
    client: ClientConnection | Http2Connection | ProtocolChoice,
    connection: Deno.TcpConn,
  ): void {
    this.#clients.enter(client);
    this.#proxy.counters.own.accepted();
    try {
      connection.setNoDelay(true);
    } catch (error) {
      this.#clients.leave(client);
      this.#limits.leave(client.address);
      throw error;
    }
    client.run(this);
  }

  async #serveTls(connection: Deno.TcpConn): Promise<void> {
    this.#proxy.descriptors.enterClient();
    let served = false;
    try {
      const named = await this.#proxyHeads.nameOf(connection);
      served = named !== undefined && await this.#beginTls(connection, named);
    } finally {
      if (!served) this.#gone();
    }
  }

  /** A rejected client gets no reason: a response would take a handshake. */
  async #beginTls(connection: Deno.TcpConn, named: NamedClient): Promise<boolean> {
    const { address } = named;
    const trusted = this.#proxy.trustedProxies.has(address);
    const crowded = this.#proxy.connectionQueue.crowded;
    if (crowded || !this.#allows(address, trusted)) {
      if (!crowded) this.#limits.leave(address);
      this.#proxy.counters.own.turnedAway();
      closeQuietly(connection);
      return false;
    }
    let served = false;
    try {
      return served = await this.#secure(connection, named, trusted);
    } finally {
      if (!served) this.#limits.leave(address);
    }
  }

  async #secure(
    connection: Deno.TcpConn,
    { address, rest }: NamedClient,
    trusted: boolean,
  ): Promise<boolean> {
    const { buffers, counters: { own } } = this.#proxy;
    const secured = await this.#tls!.secure({ connection, address, shared: trusted, first: rest });
    if (secured === undefined) return false;
    if ("plain" in secured) return await this.#answerPlain(connection, address);
    const { stream, socket, session, serverName, client } = secured;
    const transport = new Connection(stream, buffers, "client", own, socket);
    const tls = { ...session, serverName, client };
    if (this.#proxy.draining) {
      transport.close();
      return false;
    }
    const arrival = this.#factory.secureArrival(transport, address, trusted, tls);
    const http2 = session.protocol === HTTP2;
    this.#start(http2 ? this.#factory.http2(arrival) : this.#factory.client(arrival), connection);
    return true;
  }

  async #answerPlain(connection: Deno.TcpConn, address: string): Promise<false> {
    const client = this.#factory.client(this.#factory.plainArrival(connection, { address }));
    const failure = { status: 400, message: WITHOUT_TLS, close: true, withBody: true };
    return await this.#reject(client, failure);
  }

  /** A served client has disconnected. */
  left(client: OpenClient): void {
    this.#clients.leave(client);
    this.#limits.leave(client.address);
    this.#gone();
  }

  #gone(): void {
    this.#proxy.descriptors.leaveClient();
    this.#proxy.connectionQueue.roomMade();
  }

  /**
   * Counts a client in. If no setting bounds the connections of one address, its share of the file
   * descriptors does: one of its idle connections is closed to make room. Trusted proxies carry
   * many clients and have no bound.
   */
  #allows(address: string, trusted: boolean): boolean {
    const exceeded = this.#limits.enter(address);
    if (exceeded === undefined) return true;
    const shared = this.#proxy.settings.limits.connectionsPerAddress === "auto";
    return exceeded === "perAddress" && shared && (trusted || this.#clients.closeWaiting(address));
  }

  /** @returns false: the client is not served */
  async #turnAway(client: ClientConnection, message: string): Promise<false> {
    this.#proxy.counters.own.turnedAway();
    return await this.#reject(client, {
      status: 503,
      message,
      close: true,
      withBody: true,
      retryAfterS: RETRY_AFTER_S,
    });
  }

  /** @returns false: the client is not served */
  async #reject(client: ClientConnection, failure: FailureMessage): Promise<false> {
    this.#clients.enter(client);
    await client.reject(failure);
    this.#clients.leave(client);
    return false;
  }
}

function openTlsPort(
  proxy: WorkerContext,
  settings: TlsSettings,
  credentials: Credentials,
): TlsPort {
  return new TlsPort({
    settings,
    protocols: [HTTP2, "http/1.1"],
    deadlines: proxy.deadlines,
    handshakeMs: proxy.settings.timeouts.head,
    counters: proxy.counters.own,
    recordFailure: (action, error) => proxy.recordFailure(action, error),
  }, credentials);
}
