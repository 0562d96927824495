/**
 * The numbers that the fleet decides by.
 *
 * @module
 */
import { murmur3 } from "../../../ring/murmur3.ts";
import type { Config } from "../../config.ts";

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
  /** A life that lasts this long in `ready` clears the count of short ones, see `healthySpell`. */
  readonly healthySpellMs: number;
  /** How long running requests get before an instance that leaves is stopped. */
  readonly drainMs: number;
  /** How long its tunnels and event streams get. */
  readonly drainStreamsMs: number;
  /** From SIGTERM to SIGKILL. */
  readonly stopGraceMs: number;
  /** Instances that are kept ready for whichever replica fails next. */
  readonly spares: number;
  /** Replacements that may be started within a minute. */
  readonly startsPerMinute: number;
  /** Share of the replicas, in percent, that heartbeats alone never go below. */
  readonly minHealthyPercent: number;
  /** Deaths in a row with the same request key in flight that quarantine it; 0 for never. */
  readonly poisonDeaths: number;
  readonly quarantineMs: number;
  /** How long a new instance has to stay ready before a deploy goes on, unless it says otherwise. */
  readonly minReadyMs: number;
  /** In which what is new or cold comes to its full load, in steps; 0 for at once. */
  readonly slowStartMs: number;
}

/** Without probes, a replica that failed is tried again after this time. */
export const RETRY_WITHOUT_PROBES_MS = 1000;

/** An action that the engine refused is tried again after this time. */
export const ACTION_RETRY_MS = 1000;

/**
 * Without probes, an instance whose connections have failed for this time is replaced. One that no
 * connection ever reached gets as long as a start may take.
 */
export const FAILING_MS = 5000;

/** Number of lives in a row that may be short before the next start has to wait. */
const FREE_RESTARTS = 2;

/** The healthy spell grows with the short lives, up to this many times the setting. */
const LONGEST_SPELL = 10;

/**
 * How long a replica has to be ready for its short lives to be forgiven: the more there were, the
 * longer, up to ten times the setting (ten minutes by default, as in Kubernetes).
 *
 * @param shortLives lives in a row that ended before a healthy spell
 * @param policy the fleet's thresholds
 * @returns milliseconds
 */
export function healthySpell(shortLives: number, policy: FleetPolicy): number {
  return policy.healthySpellMs * Math.min(Math.max(shortLives, 1), LONGEST_SPELL);
}

/**
 * How long to wait before the next start. A death that stands alone is healed as fast as the
 * engine can; only a row of short lives is slowed down: exponentially, and by half to all of that,
 * so that replicas that fell together do not start together for ever.
 *
 * @param shortLives lives in a row that ended before a healthy spell
 * @param seed makes the choice between half and all; the same for the same text
 * @param policy the fleet's thresholds
 */
export function startDelay(shortLives: number, seed: string, policy: FleetPolicy): number {
  if (shortLives <= FREE_RESTARTS) return 0;
  const doubled = policy.backoffMs * 2 ** (shortLives - FREE_RESTARTS - 1);
  const part = murmur3(`${seed} ${shortLives}`) / 2 ** 32;
  return Math.round(Math.min(doubled, policy.backoffMaxMs) * (1 + part) / 2);
}

/**
 * How many replicas have to stay ready for heartbeats alone to take one out. When all seem to fail
 * at once, it is perhaps the balancer that does not see well.
 *
 * @param replicas how many replicas own slots
 * @param policy the fleet's thresholds
 */
export function healthyFloor(replicas: number, policy: FleetPolicy): number {
  return Math.floor(replicas * policy.minHealthyPercent / 100);
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
  };
}
