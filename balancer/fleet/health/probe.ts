/**
 * Heartbeats: one loop for each running instance, all of them side by side.
 *
 * @module
 */
import type { FailureLog } from "../../failures.ts";
import type { UpstreamAddress } from "../../view.ts";
import type { Clock } from "../../clock.ts";
import type { Member } from "../member/member.ts";
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
 * @returns `undefined` when it is well, else why not
 * @throws {NotAskedError} it could not be asked, for want of what the balancer needs for that
 */
export type Probe = (
  address: UpstreamAddress,
  deadlineMs: number,
  signal: AbortSignal,
  name: string | undefined,
) => Promise<Miss | undefined>;

/** When the next heartbeat is due and how long it may take, in milliseconds. */
export interface Cadence {
  /** From the start of the last heartbeat to the start of the next. */
  readonly intervalMs: number;
  readonly deadlineMs: number;
}

const WARMING_MIN_MS = 25;
const WARMING_MAX_MS = 250;
/** Until a heartbeat is tried again that could not be sent. */
const NOT_ASKED_MS = 250;

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
  return { intervalMs: policy.heartbeatMs, deadlineMs };
}

function clamp(value: number, min: number, max: number): number {
  return Math.min(Math.max(value, min), max);
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
  #cancelTimer: (() => void) | undefined;

  /** Begins with a heartbeat at once. */
  constructor(options: ProbeLoopOptions) {
    this.#options = options;
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
    const due = () => Math.max(0, this.#options.cadence().intervalMs - (clock.now() - startedAt));
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
    const { deadlineMs } = this.#options.cadence();
    const miss = await probe(address, deadlineMs, this.#closed.signal, name);
    if (!this.#closed.signal.aborted) report(miss);
  }
}
