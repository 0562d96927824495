/**
 * Takes connections in, and lets them end.
 *
 * @module
 */
import type { DrainDeadlines } from "../../view.ts";
import { AcceptErrors } from "../transport/accept_errors.ts";
import { acceptAll } from "../transport/accept_loop.ts";
import type { ConnectionLimits } from "../downstream/connection_limits.ts";
import { ClientConnection, type ClientHost } from "../downstream/client_connection.ts";
import { RETRY_AFTER_S } from "../errors/error_response.ts";
import type { WorkerContext } from "./worker_context.ts";
import { readProxyHead } from "../transport/proxy_head_reader.ts";
import { OUT_OF_ROOM } from "../errors/refusal.ts";
import { Connection } from "../transport/connection.ts";

/** Milliseconds without a request after which a connection makes room for another one. */
const IDLE_MS = 1000;

const TOO_MANY = "too many connections; try again";

/** For whom a connection is. */
interface Arrival {
  /** IP address of the client: the connection's, or the one in its PROXY head. */
  readonly address: string;
  /** What came behind a PROXY head. */
  readonly rest?: Uint8Array;
}

/** The listener of one worker. */
export class Listener implements ClientHost {
  readonly #proxy: WorkerContext;
  readonly #limits: ConnectionLimits;
  readonly #listener: Deno.TcpListener;
  readonly #errors: AcceptErrors;
  readonly #connections = new Set<ClientConnection>();
  #onEmpty: (() => void) | undefined;

  /** Listens, together with the other workers, on the port that the settings name. */
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
   * Accepts no more, closes connections that wait for a request, and lets the others finish.
   *
   * @param deadlines what runs longer is cut off; requests that wait for a replica go on waiting
   */
  async drain({ requestsMs, streamsMs }: DrainDeadlines): Promise<void> {
    this.#proxy.drain.draining = true;
    this.#listener.close();
    this.#errors.close();
    for (const connection of this.#connections) connection.drain();
    const cuts = [
      setTimeout(() => this.#cut(({ streaming }) => !streaming), requestsMs),
      setTimeout(() => this.#cut(({ streaming }) => streaming), streamsMs),
    ];
    await this.#empty(Math.max(requestsMs, streamsMs));
    cuts.forEach(clearTimeout);
    this.#cut(() => true);
  }

  #cut(whom: (connection: ClientConnection) => boolean): void {
    for (const connection of this.#connections) if (whom(connection)) connection.close();
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

  /** Nothing is suspended while a client is served: that would cost memory while it is idle. */
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

  /** @returns whether the client is served from now on */
  async #begin(connection: Deno.TcpConn, arrival: Arrival | undefined): Promise<boolean> {
    if (!arrival) return false;
    const { connectionQueue, counters: { own } } = this.#proxy;
    const client = this.#clientOf(connection, arrival);
    if (connectionQueue.crowded) return await this.#turnAway(client, OUT_OF_ROOM);
    if (!this.#allows(arrival.address, client.trusted)) {
      // It does not count against its address while it reads the reason.
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
    client.run(this);
    return true;
  }

  /** A client that was served is gone. */
  left(client: ClientConnection): void {
    this.#leave(client);
    this.#limits.leave(client.address);
    this.#gone();
  }

  #gone(): void {
    this.#proxy.descriptors.leaveClient();
    this.#proxy.connectionQueue.roomMade();
  }

  /** For whom the connection is; undefined where it was closed because it does not say. */
  #arrival(connection: Deno.TcpConn): Arrival | Promise<Arrival | undefined> {
    const { hostname } = connection.remoteAddr;
    const { settings, trustedProxies } = this.#proxy;
    if (!settings.proxyProtocol || !trustedProxies.has(hostname)) return { address: hostname };
    return this.#named(connection, hostname);
  }

  /** For whom a trusted proxy says that it is. */
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

  #clientOf(connection: Deno.TcpConn, { address, rest }: Arrival): ClientConnection {
    const { buffers, counters: { own }, trustedProxies } = this.#proxy;
    const wire = new Connection(connection, buffers, "client", own);
    if (rest) wire.prepend(rest);
    return new ClientConnection(this.#proxy.clients, wire, address, trustedProxies.has(address));
  }

  /**
   * Counts a client in. Where no setting bounds the connections of one address, the share of the
   * files does: a connection of it that has waited for a request makes room, and trusted proxies,
   * which speak for many clients, have no bound.
   */
  #allows(address: string, trusted: boolean): boolean {
    const exceeded = this.#limits.enter(address);
    if (exceeded === undefined) return true;
    const shared = this.#proxy.settings.limits.connectionsPerAddress === "auto";
    return exceeded === "perAddress" && shared && (trusted || this.#closeWaiting(address));
  }

  /** @returns whether a connection of that address had waited long enough for a request */
  #closeWaiting(address: string): boolean {
    for (const connection of this.#connections) {
      if (connection.address !== address || connection.waitedMs < IDLE_MS) continue;
      connection.close();
      return true;
    }
    return false;
  }

  #enter(client: ClientConnection): void {
    this.#connections.add(client);
    this.#proxy.counters.own.connections = this.#connections.size;
    this.#proxy.deadlines.add(client);
  }

  #leave(client: ClientConnection): void {
    this.#proxy.deadlines.delete(client);
    this.#connections.delete(client);
    this.#proxy.counters.own.connections = this.#connections.size;
    if (this.#connections.size === 0) this.#onEmpty?.();
  }

  /** @returns false: it is not served */
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

/** The deadline of a PROXY head may have closed it already. */
function closeQuietly(connection: Deno.TcpConn): void {
  try {
    connection.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}
