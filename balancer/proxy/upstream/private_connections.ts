/**
 * Connections to replicas that belong to one client, because they are authenticated as it: NTLM and
 * Negotiate count for a connection. They end with the client's connection, as HAProxy's do.
 *
 * @module
 */
import type { InstancePool, UpstreamConnection } from "./connection_pool.ts";

/** The most that one client has; the one that was kept first makes room. */
const MOST = 16;

/** The private connections of one client. */
export class PrivateConnections {
  readonly #unused = new Map<InstancePool, UpstreamConnection>();

  /** The client's connection to an instance; undefined where there is none, or where it ended. */
  take(pool: InstancePool): UpstreamConnection | undefined {
    const connection = this.#unused.get(pool);
    if (!connection) return undefined;
    this.#unused.delete(pool);
    if (connection.wire.closed) return undefined;
    connection.acquire();
    pool.counters.reused();
    return connection;
  }

  /** Keeps a connection after a complete exchange. */
  keep(connection: UpstreamConnection): void {
    const { pool } = connection;
    if (pool.retired || connection.wire.closed) return connection.close();
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
