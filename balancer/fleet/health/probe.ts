/**
 * Heartbeats: one loop for each running instance, all of them side by side.
 *
 * @module
 */
import { murmur3 } from "../../../ring/murmur3.ts";
import type { FailureLog } from "../../failures.ts";
import { addressText, type UpstreamAddress } from "../../view.ts";
import type { Clock } from "../../clock.ts";
import type { Member } from "../member/member.ts";
import { KeptConnection } from "./probe_connection.ts";
import { type FleetPolicy, RETRY_WITHOUT_PROBES_MS } from "../member/policy.ts";

/** Why an instance is not well. */
export interface Miss {
  /** In words. */
  readonly reason: string;
  /** Whether nobody listens at its address: that is proof, whatever the others do. */
  readonly refused: boolean;
  /** Set where no answer came in time: a balancer that is late misses it, too. */
  readonly overdue?: true;
}

/** The balancer could not ask: that says nothing about the instance. */
export class NotAskedError extends Error {
  override readonly name = "NotAskedError";
}

/**
 * Asks an instance once whether it is well.
 *
 * @param address where it listens
 * @param deadlineMs milliseconds that the answer may take
 * @param signal ends the question early; the answer is of no interest then
 * @param name the replica's name, for an instance that was started without one
 * @param keep keeps the connection for the next heartbeat of the same instance; none is kept without
 * @returns `undefined` when it is well, else why not
 * @throws {NotAskedError} it could not be asked, for want of what the balancer needs for that
 */
export type Probe = (
  address: UpstreamAddress,
  deadlineMs: number,
  signal: AbortSignal,
  name: string | undefined,
  keep?: KeptConnection,
) => Promise<Miss | undefined>;

/** When the next heartbeat is due and how long it may take, in milliseconds. */
export interface Cadence {
  /** From the start of the last heartbeat to the start of the next. */
  readonly intervalMs: number;
  readonly deadlineMs: number;
  /**
   * Set where nothing speaks against the instance. Its heartbeats are spread over the interval, so
   * that those of many do not come at once, and may go over a connection that was kept.
   */
  readonly steady?: true;
}

const WARMING_MIN_MS = 25;
const WARMING_MAX_MS = 250;
/** Until a heartbeat is tried again that could not be sent. */
const NOT_ASKED_MS = 250;
/** The part of the interval by which a steady heartbeat may come early. */
const EARLY_PART = 0.1;

/**
 * The rhythm of heartbeats for a replica in its present state.
 *
 * @param member the replica
 * @param now the present instant
 * @param policy the fleet's thresholds
 */
export function cadence(member: Member, now: number, policy: FleetPolicy): Cadence {
  const deadlineMs = policy.heartbeatTimeoutMs;
  if (!policy.probes && member.reached) return { intervalMs: RETRY_WITHOUT_PROBES_MS, deadlineMs };
  if (member.phase === "warming" || !policy.probes) {
    const tenthOfAge = (now - (member.runningSince ?? member.since)) / 10;
    return { intervalMs: clamp(tenthOfAge, WARMING_MIN_MS, WARMING_MAX_MS), deadlineMs };
  }
  // A first miss may be chance: it is confirmed at once, and faster than a heartbeat that nothing
  // spoke against, so that a hang costs one interval and one and a half deadlines at the most.
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
 * Spreads steady heartbeats: the first one comes after a part of the interval that differs from
 * instance to instance, those after it up to a tenth of the interval early. None comes late, so a
 * hang is found as soon as without.
 */
class Spread {
  readonly #seed: string;
  #count = 0;
  #steady = false;

  /** @param seed text of the instance; the same text gives the same parts */
  constructor(seed: string) {
    this.#seed = seed;
  }

  /** The time from one heartbeat's start to the next one's, in milliseconds. */
  next({ intervalMs, steady }: Cadence): number {
    const first = !this.#steady;
    this.#steady = steady ?? false;
    if (!steady) return intervalMs;
    const part = murmur3(`${this.#seed} ${this.#count++}`) / 2 ** 32;
    return intervalMs * (first ? part : 1 - EARLY_PART * part);
  }
}

/** What a {@linkcode ProbeLoop} is made of. */
export interface ProbeLoopOptions {
  readonly address: UpstreamAddress;
  /** The replica's name; undefined for a spare, which has none yet. */
  readonly name: string | undefined;
  readonly probe: Probe;
  readonly clock: Clock;
  /** The rhythm from here on, asked anew after each heartbeat. */
  readonly cadence: () => Cadence;
  /** Told of each outcome: `undefined` for a passed heartbeat, else why it was missed. */
  readonly report: (miss: Miss | undefined) => void;
  readonly failures: FailureLog;
}

/** Sends heartbeats to one instance, never two at a time, until it is closed. */
export class ProbeLoop {
  readonly #options: ProbeLoopOptions;
  readonly #closed = new AbortController();
  readonly #kept = new KeptConnection();
  readonly #spread: Spread;
  #cancelTimer: (() => void) | undefined;

  /** Begins with a heartbeat at once. */
  constructor(options: ProbeLoopOptions) {
    this.#options = options;
    this.#spread = new Spread(`${addressText(options.address)} ${options.name}`);
    this.#schedule(0);
  }

  /** Sends the next heartbeat now, unless one is under way already. */
  hurry(): void {
    if (this.#cancelTimer) this.#schedule(0);
  }

  /** Ends the loop; a heartbeat under way is dropped. */
  close(): void {
    this.#cancelTimer?.();
    this.#closed.abort();
    this.#kept.close();
  }

  #schedule(delayMs: number): void {
    this.#cancelTimer?.();
    this.#cancelTimer = this.#options.clock.after(delayMs, () => {
      this.#cancelTimer = undefined;
      this.#beat();
    });
  }

  async #beat(): Promise<void> {
    const { clock, failures } = this.#options;
    const startedAt = clock.now();
    const due = () => {
      const interval = this.#spread.next(this.#options.cadence());
      return Math.max(0, interval - (clock.now() - startedAt));
    };
    try {
      await this.#ask();
      if (!this.#closed.signal.aborted) this.#schedule(due());
    } catch (error) {
      if (!(error instanceof NotAskedError)) throw error;
      failures.record("fleet.heartbeat", error);
      if (!this.#closed.signal.aborted) this.#schedule(NOT_ASKED_MS);
    }
  }

  async #ask(): Promise<void> {
    const { address, name, probe, report } = this.#options;
    const { deadlineMs, steady } = this.#options.cadence();
    // Where there is doubt, what counts is that the instance accepts a connection.
    if (!steady) this.#kept.drop();
    const miss = await probe(address, deadlineMs, this.#closed.signal, name, this.#kept);
    if (!this.#closed.signal.aborted) report(miss);
  }
}
