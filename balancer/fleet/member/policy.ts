/**
 * Thresholds and times of the fleet's decisions.
 *
 * @module
 */
import { murmur3 } from "../../../ring/murmur3.ts";
import type { Config } from "../../config.ts";

/** Thresholds and times. Times are in milliseconds. */
export interface FleetPolicy {
  /** False if the balancer does not run the instances: a replica that is down is only probed. */
  readonly replaces: boolean;
  /** False if no health path is set: a replica is up until a connection to it fails. */
  readonly probes: boolean;
  readonly heartbeatMs: number;
  readonly heartbeatTimeoutMs: number;
  /** Failed heartbeats in a row that make a replica down. */
  readonly downAfter: number;
  /** Passed heartbeats in a row that make a replica ready. */
  readonly upAfter: number;
  /** Longest time from an instance's start to its first passed heartbeat. */
  readonly startTimeoutMs: number;
  readonly backoffMs: number;
  readonly backoffMaxMs: number;
  /** Time in `ready` that resets the count of short lives; see `healthySpell`. */
  readonly healthySpellMs: number;
  /** Longest drain of requests before an instance that leaves is stopped. */
  readonly drainMs: number;
  /** Longest drain of its tunnels and event streams. */
  readonly drainStreamsMs: number;
  /** Time between SIGTERM and SIGKILL. */
  readonly stopGraceMs: number;
  /** Number of instances that are kept ready to replace a failed one. */
  readonly spares: number;
  /** Replacements that may be started within a minute. */
  readonly startsPerMinute: number;
  /** Percentage of the replicas that heartbeats alone must leave in the view. */
  readonly minHealthyPercent: number;
  /** Deaths in a row with the same request key in flight that quarantine the key; 0 for never. */
  readonly poisonDeaths: number;
  readonly quarantineMs: number;
  /**
   * Time that a new instance must stay ready before a deploy continues, unless the deploy sets it.
   */
  readonly minReadyMs: number;
  /** Duration of a slow start; 0 for none. */
  readonly slowStartMs: number;
  /**
   * Whether new replicas get their slots in steps. With several balancers, whose rings must be equal
   * at each epoch, they get all slots at once, and their load in steps.
   */
  readonly rampsSlots: boolean;
}

/** Without probes, a replica that failed is tried again after this time, in milliseconds. */
export const RETRY_WITHOUT_PROBES_MS = 1000;

/** An action that the engine refused is retried after this time, in milliseconds. */
export const ACTION_RETRY_MS = 1000;

/**
 * Without probes, an instance whose connections have failed for this time, in milliseconds, is
 * replaced. An instance that was never reached gets the start timeout.
 */
export const FAILING_MS = 5000;

/** Short lives in a row before the next start is delayed. */
const FREE_RESTARTS = 2;

/** Upper bound of the factor by which the healthy spell grows with short lives. */
const LONGEST_SPELL = 10;

/**
 * Returns how long a replica has to be ready before its short lives are forgiven. It grows with the
 * number of short lives, up to ten times the setting (ten minutes by default, as in Kubernetes).
 *
 * @param shortLives lives in a row that ended before a healthy spell
 * @param policy the fleet's thresholds
 * @returns milliseconds
 */
export function healthySpell(shortLives: number, policy: FleetPolicy): number {
  return policy.healthySpellMs * Math.min(Math.max(shortLives, 1), LONGEST_SPELL);
}

/**
 * Returns the delay before the next start. A single death is healed at once. A row of short lives
 * is delayed exponentially; jitter between half and all of the delay keeps replicas that failed
 * together from starting together.
 *
 * @param shortLives lives in a row that ended before a healthy spell
 * @param seed text that determines the jitter
 * @param policy the fleet's thresholds
 * @returns milliseconds
 */
export function startDelay(shortLives: number, seed: string, policy: FleetPolicy): number {
  if (shortLives <= FREE_RESTARTS) return 0;
  const doubled = policy.backoffMs * 2 ** (shortLives - FREE_RESTARTS - 1);
  const part = murmur3(`${seed} ${shortLives}`) / 2 ** 32;
  return Math.round(Math.min(doubled, policy.backoffMaxMs) * (1 + part) / 2);
}

/**
 * Returns how many replicas must stay ready for heartbeats alone to take one down. If all replicas
 * seem to fail at once, the fault may be the balancer's.
 *
 * @param replicas number of replicas that own slots
 * @param policy the fleet's thresholds
 */
export function healthyFloor(replicas: number, policy: FleetPolicy): number {
  return Math.floor(replicas * policy.minHealthyPercent / 100);
}

/**
 * Returns the policy of the settings.
 *
 * @param config the settings
 * @param replaces whether the balancer starts and stops the instances
 */
export function fleetPolicy(config: Config, replaces: boolean): FleetPolicy {
  return {
    replaces,
    probes: config.health.path !== "",
    heartbeatMs: config.health.heartbeatMs,
    heartbeatTimeoutMs: config.health.heartbeatTimeoutMs,
    downAfter: config.health.downAfter,
    upAfter: config.health.upAfter,
    startTimeoutMs: config.healing.startTimeoutMs,
    backoffMs: config.healing.backoffMs,
    backoffMaxMs: config.healing.backoffMaxMs,
    healthySpellMs: config.healing.healthySpellMs,
    drainMs: config.drain.requestsMs,
    drainStreamsMs: config.drain.streamsMs,
    stopGraceMs: config.drain.stopGraceMs,
    spares: replaces ? config.fleet.spares : 0,
    startsPerMinute: config.healing.startsPerMinute,
    minHealthyPercent: config.healing.minHealthyPercent,
    poisonDeaths: config.healing.poisonDeaths,
    quarantineMs: config.healing.quarantineMs,
    minReadyMs: config.healing.minReadyMs,
    slowStartMs: config.fleet.slowStartMs,
    rampsSlots: config.fleet.store === null,
  };
}
