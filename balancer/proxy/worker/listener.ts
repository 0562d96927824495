/**
 * Accepts connections, and drains them.
 *
 * @module
 */
import type { DrainDeadlines } from "../../view.ts";
import { AcceptErrors } from "../transport/accept_errors.ts";
import { acceptAll } from "../transport/accept_loop.ts";
import type { ConnectionLimits } from "../downstream/connection_limits.ts";
import { ClientConnection } from "../downstream/client_connection.ts";
import { Http2Connection } from "../downstream/http2_connection.ts";
import type { ClientHost, OpenClient } from "../downstream/open_client.ts";
import { ProtocolChoice } from "../downstream/protocol_choice.ts";
import { RETRY_AFTER_S } from "../errors/error_response.ts";
import type { WorkerContext } from "./worker_context.ts";
import { readProxyHead } from "../transport/proxy_head_reader.ts";
import { OUT_OF_ROOM } from "../errors/refusal.ts";
import { Connection } from "../transport/connection.ts";

/**
 * Idle time, in milliseconds, after which a connection may be closed to make room for a new one.
 */
const IDLE_MS = 1000;

const TOO_MANY = "too many connections; try again";

/** The client of an accepted connection. */
interface Arrival {
  /** IP address of the client: the connection's, or the one in its PROXY head. */
  readonly address: string;
  /** Bytes that followed the PROXY head. */
  readonly rest?: Uint8Array;
}

/** The listener of one worker. */
export class Listener implements ClientHost {
  readonly #proxy: WorkerContext;
  readonly #limits: ConnectionLimits;
  readonly #listener: Deno.TcpListener;
  readonly #errors: AcceptErrors;
  readonly #connections = new Set<OpenClient>();
  #onEmpty: (() => void) | undefined;

  /** Listens, together with the other workers, on the configured port. */
  constructor(proxy: WorkerContext, limits: ConnectionLimits) {
    this.#proxy = proxy;
    this.#limits = limits;
    this.#errors = new AcceptErrors((message) => proxy.recordFailure("proxy.accept", message));
    const { hostname, port } = proxy.settings.listen;
    this.#listener = Deno.listen({ hostname, port, reusePort: true, tcpBacklog: 4096 });
    this.#accept();
  }

  get port(): number {
    return this.#listener.addr.port;
  }

  /**
   * Stops accepting, closes idle connections, and lets the others finish.
   *
   * @param deadlines requests and streams that run longer are cut off; held requests keep waiting
   */
  async drain({ requestsMs, streamsMs }: DrainDeadlines): Promise<void> {
    this.#proxy.drain.draining = true;
    this.#listener.close();
    this.#errors.close();
    for (const connection of this.#connections) connection.drain();
    const cuts = [
      setTimeout(() => this.#cut(false), requestsMs),
      setTimeout(() => this.#cut(true), streamsMs),
    ];
    await this.#empty(Math.max(requestsMs, streamsMs));
    cuts.forEach(clearTimeout);
    for (const connection of this.#connections) connection.close();
  }

  #cut(streaming: boolean): void {
    for (const connection of this.#connections) connection.cut(streaming);
  }

  #accept(): Promise<void> {
    const { connectionQueue, descriptors, counters } = this.#proxy;
    return acceptAll(this.#listener, {
      room: () => connectionQueue.roomToAccept(),
      serve: (connection) => this.#serve(connection),
      onServeError: (error) => this.#proxy.recordFailure("proxy.connection", error),
      onAcceptError: (error) => {
        counters.own.acceptFailed();
        this.#errors.failed(error);
      },
      onOutOfFiles: () => descriptors.spent(),
      closed: () => this.#proxy.draining,
    });
  }

  /** Not async: a suspended function for each client would cost memory while the client is idle. */
  async #serve(connection: Deno.TcpConn): Promise<void> {
    this.#proxy.descriptors.enterClient();
    let served = false;
    try {
      const arrival = this.#arrival(connection);
      served = await this.#begin(connection, arrival instanceof Promise ? await arrival : arrival);
    } finally {
      if (!served) this.#gone();
    }
  }

  /** @returns whether the client is now served */
  async #begin(connection: Deno.TcpConn, arrival: Arrival | undefined): Promise<boolean> {
    if (!arrival) return false;
    const { connectionQueue, counters: { own } } = this.#proxy;
    const wire = this.#wireOf(connection, arrival);
    const client = this.#clientOf(wire, arrival);
    if (connectionQueue.crowded) return await this.#turnAway(client, OUT_OF_ROOM);
    if (!this.#allows(arrival.address, client.trusted)) {
      // A rejected connection does not count against its address while it lingers.
      this.#limits.leave(arrival.address);
      return await this.#turnAway(client, TOO_MANY);
    }
    this.#enter(client);
    own.accepted();
    try {
      connection.setNoDelay(true);
    } catch (error) {
      this.#leave(client);
      this.#limits.leave(arrival.address);
      throw error;
    }
    if (this.#proxy.settings.http2.cleartext) this.#choose(client);
    else client.run(this);
    return true;
  }

  /** Lets the first bytes of a client decide about its protocol. */
  #choose(client: ClientConnection): void {
    const { http2: services, deadlines, settings } = this.#proxy;
    const { head } = settings.timeouts;
    const choice = new ProtocolChoice(client.transport, client, deadlines, head, (http2) => {
      this.#leave(choice);
      const chosen = http2 ? new Http2Connection(services, client.transport, client) : client;
      this.#enter(chosen);
      client.transport.watcher = chosen;
      chosen.run(this);
    });
    this.#leave(client);
    this.#enter(choice);
    choice.run(this);
  }

  /** A served client has disconnected. */
  left(client: OpenClient): void {
    this.#leave(client);
    this.#limits.leave(client.address);
    this.#gone();
  }

  #gone(): void {
    this.#proxy.descriptors.leaveClient();
    this.#proxy.connectionQueue.roomMade();
  }

  /** The client of a connection; undefined when its PROXY head was missing and it was closed. */
  #arrival(connection: Deno.TcpConn): Arrival | Promise<Arrival | undefined> {
    const { hostname } = connection.remoteAddr;
    const { settings, trustedProxies } = this.#proxy;
    if (!settings.proxyProtocol || !trustedProxies.has(hostname)) return { address: hostname };
    return this.#named(connection, hostname);
  }

  /** The client that a trusted proxy names in its PROXY head. */
  async #named(connection: Deno.TcpConn, hostname: string): Promise<Arrival | undefined> {
    try {
      const { head, rest } = await readProxyHead(connection, this.#proxy.settings.timeouts.head);
      return { address: head.source ?? hostname, rest };
    } catch (error) {
      closeQuietly(connection);
      if (this.#proxy.draining) return undefined;
      this.#proxy.recordFailure("proxy.protocol", error);
      return undefined;
    }
  }

  #wireOf(connection: Deno.TcpConn, { rest }: Arrival): Connection {
    const { buffers, counters: { own } } = this.#proxy;
    const wire = new Connection(connection, buffers, "client", own);
    if (rest) wire.prepend(rest);
    return wire;
  }

  #clientOf(wire: Connection, { address }: Arrival): ClientConnection {
    const { clients, trustedProxies } = this.#proxy;
    return new ClientConnection(clients, wire, address, trustedProxies.has(address));
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
    return exceeded === "perAddress" && shared && (trusted || this.#closeWaiting(address));
  }

  /** @returns whether an idle connection of that address could be closed */
  #closeWaiting(address: string): boolean {
    for (const connection of this.#connections) {
      if (connection.address !== address || connection.waitedMs < IDLE_MS) continue;
      connection.close();
      return true;
    }
    return false;
  }

  #enter(client: OpenClient): void {
    this.#connections.add(client);
    this.#proxy.counters.own.connections = this.#connections.size;
    this.#proxy.deadlines.add(client);
  }

  #leave(client: OpenClient): void {
    this.#proxy.deadlines.delete(client);
    this.#connections.delete(client);
    this.#proxy.counters.own.connections = this.#connections.size;
    if (this.#connections.size === 0) this.#onEmpty?.();
  }

  /** @returns false: the client is not served */
  async #turnAway(client: ClientConnection, message: string): Promise<false> {
    this.#proxy.counters.own.turnedAway();
    this.#enter(client);
    const close = true;
    await client.reject({
      status: 503,
      message,
      close,
      withBody: true,
      retryAfterS: RETRY_AFTER_S,
    });
    this.#leave(client);
    return false;
  }

  #empty(deadlineMs: number): Promise<void> {
    if (this.#connections.size === 0) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, deadlineMs);
    this.#onEmpty = () => {
      clearTimeout(timer);
      resolve();
    };
    return promise;
  }
}

/** The deadline of a PROXY head may have closed the connection already. */
function closeQuietly(connection: Deno.TcpConn): void {
  try {
    connection.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}
