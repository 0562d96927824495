/**
 * The heartbeat loop of one instance: the time of each heartbeat, and its result.
 *
 * @module
 */
import { murmur3 } from "../../../ring/murmur3.ts";
import type { FailureLog } from "../../failures.ts";
import { addressText, type UpstreamAddress } from "../../view.ts";
import type { Clock } from "../../clock.ts";
import type { Member } from "../member/member.ts";
import type { SlotTimer } from "./slot_timer.ts";
import { KeptConnection } from "./probe_connection.ts";
import { type FleetPolicy, RETRY_WITHOUT_PROBES_MS } from "../member/policy.ts";

/** A failed heartbeat. */
export interface Miss {
  /** Reason, as text. */
  readonly reason: string;
  /** The connection was refused: proof of death, independent of the other replicas. */
  readonly refused: boolean;
  /** The answer was late. A balancer that is late itself causes this, too. */
  readonly overdue?: true;
}

/** The balancer could not send a heartbeat, which is no evidence against the instance. */
export class NotAskedError extends Error {
  override readonly name = "NotAskedError";
}

/**
 * Sends one heartbeat.
 *
 * @param address address of the instance
 * @param deadlineMs longest wait for the answer, in milliseconds
 * @param signal cancels the heartbeat; its result is not used then
 * @param name the replica's name, for an instance that was started without one
 * @param keep keeps the connection for the instance's next heartbeat; without it none is kept
 * @returns `undefined` if the heartbeat passed, otherwise the failure
 * @throws {NotAskedError} the heartbeat could not be sent, for example for lack of file descriptors
 */
export type Probe = (
  address: UpstreamAddress,
  deadlineMs: number,
  signal: AbortSignal,
  name: string | undefined,
  keep?: KeptConnection,
) => Promise<Miss | undefined>;

/** Time of the next heartbeat and its deadline, in milliseconds. */
interface Cadence {
  /** Time between the starts of two heartbeats. */
  readonly intervalMs: number;
  readonly deadlineMs: number;
  /**
   * Set if there is no evidence against the instance. Its heartbeats are spread over the interval,
   * so that those of many instances do not coincide, and may use a kept connection.
   */
  readonly steady?: true;
}

const WARMING_MIN_MS = 25;
const WARMING_MAX_MS = 250;
/** Delay before a heartbeat that could not be sent is retried, in milliseconds. */
const NOT_ASKED_MS = 250;
/** A steady heartbeat may be early by up to this part of the interval, and by a slot. */
const EARLY_PART = 0.1;
/** Steady heartbeats of one slot start together: a part of the interval, within a bound. */
const SLOT_PART = 1 / 60;
const MAX_SLOT_MS = 50;

/**
 * Returns interval and deadline of a member's heartbeats.
 *
 * @param member the member
 * @param now instant of the fleet's clock, in milliseconds
 * @param policy the fleet's thresholds
 */
export function cadence(member: Member, now: number, policy: FleetPolicy): Cadence {
  const deadlineMs = policy.heartbeatTimeoutMs;
  if (!policy.probes && member.reached) return { intervalMs: RETRY_WITHOUT_PROBES_MS, deadlineMs };
  if (member.phase === "warming" || !policy.probes) {
    const tenthOfAge = (now - (member.runningSince ?? member.since)) / 10;
    const intervalMs = clamp(tenthOfAge, WARMING_MIN_MS, WARMING_MAX_MS);
    // A spare that stands in has answered before.
    return { intervalMs, deadlineMs: member.proven ? deadlineMs / 2 : deadlineMs };
  }
  // A first miss may be chance: it is confirmed at once and with half the deadline, so that a hang
  // is found within one interval and one and a half deadlines.
  const doubtful = member.misses > 0 || member.suspect;
  if (member.phase === "ready" && doubtful) {
    const intervalMs = member.misses < policy.downAfter ? 0 : WARMING_MAX_MS;
    return { intervalMs, deadlineMs: deadlineMs / 2 };
  }
  const steady = member.phase === "ready";
  return { intervalMs: policy.heartbeatMs, deadlineMs, ...(steady ? { steady } : {}) };
}

function clamp(value: number, min: number, max: number): number {
  return Math.min(Math.max(value, min), max);
}

/**
 * Spreads steady heartbeats: the first one is delayed by a part of the interval that depends on the
 * instance, later ones are early by up to a tenth of it. None is late, so a hang is found as fast
 * as without spreading.
 */
class Spread {
  readonly #seed: string;
  #count = 0;
  #steady = false;

  /** @param seed text of the instance, which determines the parts */
  constructor(seed: string) {
    this.#seed = seed;
  }

  /** Returns the time between the starts of two heartbeats, in milliseconds. */
  next({ intervalMs, steady }: Cadence): number {
    const first = !this.#steady;
    this.#steady = steady ?? false;
    if (!steady) return intervalMs;
    const part = murmur3(`${this.#seed} ${this.#count++}`) / 2 ** 32;
    return intervalMs * (first ? part : 1 - EARLY_PART * part);
  }
}

/** Dependencies of a {@linkcode ProbeLoop}. */
interface ProbeLoopOptions {
  readonly address: UpstreamAddress;
  /** The replica's name; undefined for a spare, which has none yet. */
  readonly name: string | undefined;
  readonly probe: Probe;
  readonly clock: Clock;
  /** The timer that all loops share. */
  readonly slots: SlotTimer;
  /** Returns interval and deadline, evaluated after each heartbeat. */
  readonly cadence: () => Cadence;
  /** Called with each outcome: `undefined` for a passed heartbeat. */
  readonly report: (miss: Miss | undefined) => void;
  readonly failures: FailureLog;
}

/** Sends heartbeats to one instance, one at a time, until it is closed. */
export class ProbeLoop {
  readonly #options: ProbeLoopOptions;
  readonly #closed = new AbortController();
  readonly #kept = new KeptConnection();
  readonly #spread: Spread;
  #cancelTimer: (() => void) | undefined;

  /** Sends the first heartbeat at once. */
  constructor(options: ProbeLoopOptions) {
    this.#options = options;
    this.#spread = new Spread(`${addressText(options.address)} ${options.name}`);
    this.#schedule(0);
  }

  /** Sends the next heartbeat now, unless one is in progress. */
  probeNow(): void {
    if (this.#cancelTimer) this.#schedule(0);
  }

  /** Ends the loop; the result of a heartbeat in progress is dropped. */
  close(): void {
    this.#cancelTimer?.();
    this.#closed.abort();
    this.#kept.close();
  }

  #schedule(delayMs: number, slotMs = 0): void {
    const { clock, slots } = this.#options;
    this.#cancelTimer?.();
    this.#cancelTimer = slotMs > 0
      ? slots.after(delayMs, slotMs, this.#begin)
      : clock.after(delayMs, this.#begin);
  }

  readonly #begin = (): void => {
    this.#cancelTimer = undefined;
    this.#beat();
  };

  /** Schedules the heartbeat after one that started at an instant. */
  #scheduleNext(startedAt: number): void {
    const cadence = this.#options.cadence();
    const interval = this.#spread.next(cadence);
    const delayMs = Math.max(0, interval - (this.#options.clock.now() - startedAt));
    const slotMs = Math.min(MAX_SLOT_MS, cadence.intervalMs * SLOT_PART);
    this.#schedule(delayMs, cadence.steady ? slotMs : 0);
  }

  async #beat(): Promise<void> {
    const { clock, failures } = this.#options;
    const startedAt = clock.now();
    try {
      await this.#ask();
      if (!this.#closed.signal.aborted) this.#scheduleNext(startedAt);
    } catch (error) {
      if (!(error instanceof NotAskedError)) throw error;
      failures.record("fleet.heartbeat", error);
      if (!this.#closed.signal.aborted) this.#schedule(NOT_ASKED_MS);
    }
  }

  async #ask(): Promise<void> {
    const { address, name, probe, report } = this.#options;
    const { deadlineMs, steady } = this.#options.cadence();
    // In doubt the instance has to accept a new connection.
    if (!steady) this.#kept.drop();
    const miss = await probe(address, deadlineMs, this.#closed.signal, name, this.#kept);
    if (!this.#closed.signal.aborted) report(miss);
  }
}
