/**
 * Detects replicas that keep requests waiting for a first byte while they answer no others.
 * Connections are scanned at intervals: a timer for each request would cost too much.
 *
 * @module
 */
import type { Evidence } from "../../view.ts";
import { TICK_MS } from "../transport/deadlines.ts";
import type { InstancePool } from "./connection_pool.ts";
import type { UpstreamConnection } from "./upstream_connection.ts";

/** Least interval between two pieces of evidence for one instance, in milliseconds. */
const PAUSE_MS = 250;

/** State of slow instances and their requests. */
export class SlowDetector {
  readonly #settings: { readonly suspectMs: number };
  /** Time of the last report, by instance. */
  readonly #toldAt = new WeakMap<InstancePool, number>();
  readonly #reported = new WeakSet<object>();

  /**
   * @param settings time without a first byte that counts as slow, in milliseconds; 0: never. Read
   *   at each scan
   */
  constructor(settings: { readonly suspectMs: number }) {
    this.#settings = settings;
  }

  /**
   * Scans connections.
   *
   * @param pools the pools of ready instances
   * @param now the time, by the clock of the deadlines
   * @returns new evidence, once for each request
   */
  look(pools: Iterable<InstancePool>, now: number): Evidence[] {
    if (this.#settings.suspectMs === 0) return [];
    return [...pools].flatMap((pool) => this.#lookAt(pool, now) ?? []);
  }

  #lookAt(pool: InstancePool, now: number): Evidence | undefined {
    if (now - (this.#toldAt.get(pool) ?? -Infinity) < PAUSE_MS) return undefined;
    // An instance that answers other requests is busy, not hung.
    if (now - pool.answeredAt < this.#settings.suspectMs) return undefined;
    for (const connection of pool.connections) {
      const { request } = connection;
      if (!request || !this.#isSlow(connection, now) || this.#reported.has(request)) continue;
      this.#reported.add(request);
      this.#toldAt.set(pool, now);
      const { name, instance } = pool.upstream;
      return { name, instance, kind: "slow", fresh: true, key: request.destination.key ?? "" };
    }
    return undefined;
  }

  /** The response's deadline gives the start of the wait; see Deadlines.in. */
  #isSlow({ unused, request, deadlineAt }: UpstreamConnection, now: number): boolean {
    if (unused || !request || request.responding || request.sendingBody) return false;
    return deadlineAt !== Infinity &&
      deadlineAt - TICK_MS - request.rules.responseMs + this.#settings.suspectMs <= now;
  }
}
