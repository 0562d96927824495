/**
 * Takes connections in, and lets them end.
 *
 * @module
 */
import type { DrainDeadlines } from "../view.ts";
import { isOutOfFiles } from "../out_of_files.ts";
import type { ConnectionLimits } from "./connection_limits.ts";
import { Downstream } from "./downstream.ts";
import { RETRY_AFTER_S } from "./failure_message.ts";
import type { Proxy } from "./proxy.ts";
import { OUT_OF_ROOM } from "./refusal.ts";
import { TrustedPeers } from "./trust.ts";
import { Wire } from "./wire.ts";

const TOO_MANY = "too many connections; try again";

/** The listener of one worker. */
export class Acceptor {
  readonly #proxy: Proxy;
  readonly #limits: ConnectionLimits;
  readonly #trusted: TrustedPeers;
  readonly #listener: Deno.TcpListener;
  readonly #connections = new Set<Downstream>();
  #onEmpty: (() => void) | undefined;

  /** Listens, together with the other workers, on the port that the settings name. */
  constructor(proxy: Proxy, limits: ConnectionLimits) {
    this.#proxy = proxy;
    this.#limits = limits;
    this.#trusted = new TrustedPeers(proxy.settings.trusted);
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
    this.#proxy.draining = true;
    this.#listener.close();
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

  async #accept(): Promise<void> {
    for (;;) {
      try {
        await this.#proxy.line.roomToAccept();
        const connection = await this.#listener.accept();
        // One connection that cannot be served must not take the worker with it.
        this.#serve(connection).catch((error) =>
          this.#proxy.recordFailure("proxy.connection", error)
        );
      } catch (error) {
        if (this.#proxy.draining) return;
        // Out of files, or a connection that broke while it waited: others will come.
        if (isOutOfFiles(error)) this.#proxy.files.spent();
        this.#proxy.recordFailure("proxy.accept", error);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    }
  }

  async #serve(connection: Deno.TcpConn): Promise<void> {
    const { hostname } = connection.remoteAddr;
    const { buffers, files, line, tallies: { worker } } = this.#proxy;
    const wire = new Wire(connection, buffers, "client", worker);
    const { crowded } = line;
    files.enterClient();
    try {
      const allowed = this.#limits.enter(hostname);
      const client = new Downstream(this.#proxy, wire, hostname, this.#trusted.has(hostname));
      if (!allowed || crowded) {
        return await this.#run(client, this.#turnAway(client, crowded ? OUT_OF_ROOM : TOO_MANY));
      }
      worker.accepted();
      connection.setNoDelay(true);
      await this.#run(client, client.run());
    } finally {
      this.#limits.leave(hostname);
      files.leaveClient();
      line.roomMade();
    }
  }

  async #run(connection: Downstream, end: Promise<void>): Promise<void> {
    const { worker } = this.#proxy.tallies;
    this.#connections.add(connection);
    worker.connections = this.#connections.size;
    this.#proxy.deadlines.add(connection);
    await end;
    this.#proxy.deadlines.delete(connection);
    this.#connections.delete(connection);
    worker.connections = this.#connections.size;
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
