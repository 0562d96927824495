/**
 * Connections to replicas that are reserved for one client, because they are authenticated as that
 * client: NTLM and Negotiate authenticate a connection. They end with the client's connection, as
 * HAProxy's do.
 *
 * @module
 */
import type { InstancePool } from "./connection_pool.ts";
import type { UpstreamConnection } from "./upstream_connection.ts";

/** Most private connections of one client; the oldest one is closed for a new one. */
const MOST = 16;

/** The private connections of one client. */
export class PrivateConnections {
  readonly #unused = new Map<InstancePool, UpstreamConnection>();

  /** The client's connection to an instance; undefined if there is none, or it has ended. */
  take(pool: InstancePool): UpstreamConnection | undefined {
    const connection = this.#unused.get(pool);
    if (!connection) return undefined;
    this.#unused.delete(pool);
    if (connection.transport.closed) return undefined;
    connection.acquire();
    pool.counters.reused();
    return connection;
  }

  /** Keeps a connection after a complete exchange. */
  keep(connection: UpstreamConnection): void {
    const { pool } = connection;
    if (pool.retired || connection.transport.closed) return connection.close();
    this.#unused.get(pool)?.close();
    this.#unused.set(pool, connection);
    connection.park(0, Infinity);
    const [oldest] = this.#unused.keys();
    if (oldest && this.#unused.size > MOST) this.take(oldest)?.close();
  }

  /** The client is gone. */
  close(): void {
    for (const connection of this.#unused.values()) connection.close();
    this.#unused.clear();
  }
}
