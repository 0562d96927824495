/**
 * Takes connections in, and lets them end.
 *
 * @module
 */
import type { DrainDeadlines } from "../../view.ts";
import { AcceptErrors } from "../transport/accept_errors.ts";
import { acceptAll } from "../transport/accept_loop.ts";
import type { ConnectionLimits } from "../downstream/connection_limits.ts";
import { Downstream } from "../downstream/client_connection.ts";
import { RETRY_AFTER_S } from "../errors/error_response.ts";
import type { Proxy } from "./worker_context.ts";
import { readProxyHead } from "../transport/proxy_head_reader.ts";
import { OUT_OF_ROOM } from "../errors/refusal.ts";
import { Wire } from "../transport/connection.ts";

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
export class Acceptor {
  readonly #proxy: Proxy;
  readonly #limits: ConnectionLimits;
  readonly #listener: Deno.TcpListener;
  readonly #errors: AcceptErrors;
  readonly #connections = new Set<Downstream>();
  #onEmpty: (() => void) | undefined;

  /** Listens, together with the other workers, on the port that the settings name. */
  constructor(proxy: Proxy, limits: ConnectionLimits) {
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

  #cut(whom: (connection: Downstream) => boolean): void {
    for (const connection of this.#connections) if (whom(connection)) connection.close();
  }

  #accept(): Promise<void> {
    const { line, files, tallies } = this.#proxy;
    return acceptAll(this.#listener, {
      room: () => line.roomToAccept(),
      serve: (connection) => this.#serve(connection),
      onServeError: (error) => this.#proxy.recordFailure("proxy.connection", error),
      onAcceptError: (error) => {
        tallies.worker.acceptFailed();
        this.#errors.failed(error);
      },
      onOutOfFiles: () => files.spent(),
      closed: () => this.#proxy.draining,
    });
  }

  /** One function, because each suspended one costs memory for as long as the client is idle. */
  async #serve(connection: Deno.TcpConn): Promise<void> {
    const { files, line, tallies: { worker } } = this.#proxy;
    files.enterClient();
    try {
      const arrival = await this.#arrival(connection);
      if (!arrival) return;
      const { address } = arrival;
      const client = this.#clientOf(connection, arrival);
      if (line.crowded) return await this.#run(client, this.#turnAway(client, OUT_OF_ROOM));
      const allowed = this.#allows(address, client.trusted);
      if (allowed) this.#enter(client);
      try {
        if (allowed) {
          worker.accepted();
          connection.setNoDelay(true);
          await client.run();
        }
      } finally {
        if (allowed) this.#leave(client);
        this.#limits.leave(address);
      }
      // A client that was turned away does not count against its address while it reads the reason.
      if (!allowed) await this.#run(client, this.#turnAway(client, TOO_MANY));
    } finally {
      files.leaveClient();
      line.roomMade();
    }
  }

  /** For whom the connection is; undefined where it was closed because it does not say. */
  async #arrival(connection: Deno.TcpConn): Promise<Arrival | undefined> {
    const { hostname } = connection.remoteAddr;
    const { settings, trusted } = this.#proxy;
    if (!settings.proxyProtocol || !trusted.has(hostname)) return { address: hostname };
    try {
      const { head, rest } = await readProxyHead(connection, settings.timeouts.head);
      return { address: head.source ?? hostname, rest };
    } catch (error) {
      closeQuietly(connection);
      if (this.#proxy.draining) return undefined;
      this.#proxy.recordFailure("proxy.protocol", error);
      return undefined;
    }
  }

  #clientOf(connection: Deno.TcpConn, { address, rest }: Arrival): Downstream {
    const { buffers, tallies: { worker }, trusted } = this.#proxy;
    const wire = new Wire(connection, buffers, "client", worker);
    if (rest) wire.begin(rest);
    return new Downstream(this.#proxy.clients, wire, address, trusted.has(address));
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

  async #run(client: Downstream, end: Promise<void>): Promise<void> {
    this.#enter(client);
    await end;
    this.#leave(client);
  }

  #enter(client: Downstream): void {
    this.#connections.add(client);
    this.#proxy.tallies.worker.connections = this.#connections.size;
    this.#proxy.deadlines.add(client);
  }

  #leave(client: Downstream): void {
    this.#proxy.deadlines.delete(client);
    this.#connections.delete(client);
    this.#proxy.tallies.worker.connections = this.#connections.size;
    if (this.#connections.size === 0) this.#onEmpty?.();
  }

  #turnAway(client: Downstream, message: string): Promise<void> {
    this.#proxy.tallies.worker.turnedAway();
    return client.reject({
      status: 503,
      message,
      close: true,
      withBody: true,
      retryAfterS: RETRY_AFTER_S,
    });
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
