/**
 * The numbers that the fleet decides by.
 *
 * @module
 */
import type { Config } from "../config.ts";

/** Thresholds and times; every time is in milliseconds. */
export interface FleetPolicy {
  /** False where somebody else runs the instances: a replica that is down is only asked again. */
  readonly replaces: boolean;
  /** False where no health path is set: a replica is up until a connection to it fails. */
  readonly probes: boolean;
  readonly heartbeatMs: number;
  readonly heartbeatTimeoutMs: number;
  /** Missed heartbeats in a row that make a replica down. */
  readonly downAfter: number;
  /** Passed heartbeats in a row that make it ready. */
  readonly upAfter: number;
  /** How long an instance may take from its start to its first passed heartbeat. */
  readonly startTimeoutMs: number;
  readonly backoffMs: number;
  readonly backoffMaxMs: number;
  /** A life that lasts this long in `ready` clears the count of short ones. */
  readonly healthySpellMs: number;
  /** How long running requests get before an instance that leaves is stopped. */
  readonly drainMs: number;
  /** From SIGTERM to SIGKILL. */
  readonly stopGraceMs: number;
}

/** Without probes, a replica that failed is tried again after this time. */
export const RETRY_WITHOUT_PROBES_MS = 1000;

/** An action that the engine refused is tried again after this time. */
export const ACTION_RETRY_MS = 1000;

/** A life that lasted this long in `ready` was no short one. */
const HEALTHY_SPELL_MS = 5000;

/** So many lives in a row may be short before the next start has to wait. */
export const FREE_RESTARTS = 2;

/**
 * How long to wait before the next start. A death that stands alone is healed as fast as the
 * engine can; only a row of short lives is slowed down.
 *
 * @param shortLives lives in a row that ended before a healthy spell
 */
export function startDelay(shortLives: number, policy: FleetPolicy): number {
  if (shortLives <= FREE_RESTARTS) return 0;
  return Math.min(policy.backoffMs * 2 ** (shortLives - FREE_RESTARTS - 1), policy.backoffMaxMs);
}

/**
 * The policy that the settings describe.
 *
 * @param config the settings
 * @param replaces whether the engine's instances are ours to start and stop
 */
export function fleetPolicy(config: Config, replaces: boolean): FleetPolicy {
  return {
    replaces,
    probes: config.LB_HEALTH_PATH !== "",
    heartbeatMs: config.LB_HEARTBEAT_MS,
    heartbeatTimeoutMs: config.LB_HEARTBEAT_TIMEOUT_MS,
    downAfter: config.LB_HEARTBEAT_DOWN,
    upAfter: config.LB_HEARTBEAT_UP,
    startTimeoutMs: config.LB_START_TIMEOUT_MS,
    backoffMs: config.LB_RESTART_BACKOFF_MS,
    backoffMaxMs: config.LB_RESTART_BACKOFF_MAX_MS,
    healthySpellMs: HEALTHY_SPELL_MS,
    drainMs: config.LB_DRAIN_MS,
    stopGraceMs: config.LB_STOP_GRACE_MS,
  };
}
