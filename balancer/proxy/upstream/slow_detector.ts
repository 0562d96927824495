/**
 * Notices replicas that keep requests waiting for a first byte and answer nobody else. Connections are looked through now
 * and then: a timer for each request would cost the many for the sake of the few.
 *
 * @module
 */
import type { Evidence } from "../../view.ts";
import { TICK_MS } from "../transport/deadlines.ts";
import type { InstancePool, UpstreamConnection } from "./connection_pool.ts";

/** At most one piece of evidence for each instance in this time, in milliseconds. */
const PAUSE_MS = 250;

/** What is known of slow instances and their requests. */
export class SlowDetector {
  readonly #suspectMs: number;
  readonly #responseMs: number;
  /** By instance: when it was told of last. */
  readonly #toldAt = new WeakMap<InstancePool, number>();
  readonly #told = new WeakSet<object>();

  /**
   * @param suspectMs milliseconds without a first byte that are slow; 0: none are
   * @param responseMs milliseconds that a response may take to begin
   */
  constructor(suspectMs: number, responseMs: number) {
    this.#suspectMs = suspectMs;
    this.#responseMs = responseMs;
  }

  /**
   * Looks through connections.
   *
   * @param pools those of the instances that are ready
   * @param now the time, by the clock of the deadlines
   * @returns what is new, each request once
   */
  look(pools: Iterable<InstancePool>, now: number): Evidence[] {
    if (this.#suspectMs === 0) return [];
    return [...pools].flatMap((pool) => this.#lookAt(pool, now) ?? []);
  }

  #lookAt(pool: InstancePool, now: number): Evidence | undefined {
    if (now - (this.#toldAt.get(pool) ?? -Infinity) < PAUSE_MS) return undefined;
    // One that answers others is busy, not hung.
    if (now - pool.answeredAt < this.#suspectMs) return undefined;
    for (const connection of pool.connections) {
      const { request } = connection;
      if (!request || !this.#isSlow(connection, now) || this.#told.has(request)) continue;
      this.#told.add(request);
      this.#toldAt.set(pool, now);
      const { name, instance } = pool.upstream;
      return { name, instance, kind: "slow", fresh: true, key: request.destination.key ?? "" };
    }
    return undefined;
  }

  /** The deadline of the response says since when it has been waited for; see Deadlines.in. */
  #isSlow({ unused, request, deadlineAt }: UpstreamConnection, now: number): boolean {
    if (unused || !request || request.responding || request.sendingBody) return false;
    return deadlineAt !== Infinity &&
      deadlineAt - TICK_MS - this.#responseMs + this.#suspectMs <= now;
  }
}
