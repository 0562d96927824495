/**
 * Rates per second, from two readings of counters.
 *
 * @module
 */
import type { Load } from "../../balancer/answers/load.ts";

/** The rates between two readings. */
export interface Rates {
  readonly requestsPerSecond: number;
  readonly errorsPerSecond: number;
  readonly heldPerSecond: number;
  /** By name. */
  readonly replicas: ReadonlyMap<string, ReplicaRates>;
}

/** The rates of one replica. */
export interface ReplicaRates {
  readonly requestsPerSecond: number;
  readonly errorsPerSecond: number;
  /** The share of all answered requests, from 0 to 1; undefined without requests. */
  readonly share: number | undefined;
}

/**
 * Returns the rates between two readings; undefined if they cannot be compared: no time has passed,
 * or the balancer restarted and counts from 0 again.
 *
 * @param before the earlier reading
 * @param now the later one
 */
export function ratesBetween(before: Load | undefined, now: Load | undefined): Rates | undefined {
  if (!before || !now || now.at <= before.at || now.requests < before.requests) return undefined;
  const perSecond = (count: number) => Math.max(0, count) / ((now.at - before.at) / 1000);
  const replicas = Object.entries(now.replicas).map(([name, { requests, errors }]) => {
    const earlier = before.replicas[name];
    return {
      name,
      requests: perSecond(requests - (earlier?.requests ?? 0)),
      errors: perSecond(errors - (earlier?.errors ?? 0)),
    };
  });
  const all = replicas.reduce((sum, { requests }) => sum + requests, 0);
  return {
    requestsPerSecond: perSecond(now.requests - before.requests),
    errorsPerSecond: perSecond(now.errors - before.errors),
    heldPerSecond: perSecond(now.held - before.held),
    replicas: new Map(replicas.map(({ name, requests, errors }) => [name, {
      requestsPerSecond: requests,
      errorsPerSecond: errors,
      share: all === 0 ? undefined : requests / all,
    }])),
  };
}
