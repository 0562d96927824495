/**
 * Everything that is known of one request, filled in while it goes through, for whoever wants to
 * hear of it at its end: the access log, traces. There is one only for a request that somebody
 * wants to hear of; all others pay one comparison wherever there is something to note.
 *
 * Times are milliseconds since the epoch, with fractions. They are taken from one monotonic clock,
 * so that no difference between two of them is ever wrong by a clock that was set meanwhile.
 *
 * @module
 */
import type { Upstream } from "../../view.ts";
import type { RequestSpan } from "./request_span.ts";
import type { Rejection, WaitCause } from "../request/request_events.ts";
import type { AttemptFailure, RefusalCause } from "../stats/counter_layout.ts";

/** One attempt to have it answered. */
export interface Attempt {
  /** Whom it was sent to; `control` for the control API. */
  readonly replica: string;
  readonly instance: string;
  /** When it began to be sent, or a connection to be opened for it. */
  startedAt: number;
  /** When the first byte of an answer was there, an interim one included. */
  firstByteAt: number | undefined;
  endedAt: number | undefined;
  /** Whether the connection had carried a request before. */
  reused: boolean;
  /** How it failed, where it did. */
  failure: AttemptFailure | undefined;
}

/** One wait. */
export interface Hold {
  readonly why: WaitCause;
  readonly startedAt: number;
  endedAt: number | undefined;
}

/**
 * How it ended: a replica or the control API answered, the balancer itself did, the replica broke
 * its answer off, or the client left before it had all of it.
 */
export type Outcome = "answered" | "refused" | "broken" | "left";

/** What has no end of its own. */
export type Endless = "tunnel" | "stream";

/** What is known of a request as soon as its head was parsed. */
export interface RequestLine {
  readonly method: string;
  /** Path and query, a character for each byte. */
  readonly target: string;
  /** Minor version of the client's HTTP/1. */
  readonly minor: 0 | 1;
  /** Only where the format of the access log has it; a character for each byte. */
  readonly referer?: string | undefined;
  /** The same. */
  readonly userAgent?: string | undefined;
}

/** Who a request is, and where it falls. */
export interface Identity {
  readonly requestId: string;
  /** Undefined for a call of the control API. */
  readonly key: string | undefined;
  /** -1 where there is none. */
  readonly slot: number;
}

/** One request. */
export class RequestRecord {
  /** IP address of the client: behind trusted proxies the one that they name. */
  client: string;
  /** IP address of the connection. */
  readonly peer: string;
  readonly startedAt: number;
  /** 0 until then. */
  endedAt = 0;
  /** Undefined where the request could not be understood. */
  line: RequestLine | undefined;
  /** Undefined where it was refused before it had one. */
  identity: Identity | undefined;
  readonly attempts: Attempt[] = [];
  readonly holds: Hold[] = [];
  /** Bytes of its body that were read; of a tunnel, all that the client sent. */
  bytesIn = 0;
  /** Bytes of the answer's body that were sent to the client; of a tunnel, all of them. */
  bytesOut = 0;
  /** Status of the answer; 0 where there was none. */
  status = 0;
  outcome: Outcome | undefined;
  /** Why the balancer itself answered. */
  reason: RefusalCause | undefined;
  /** The same in words, as the client was told. */
  detail = "";
  endless: Endless | undefined;
  /** Whether the access log chose it, rather than that it failed or is traced. */
  sampled = false;
  /** Nobody wanted it until it went wrong: what was before that, is not in here. */
  late = false;
  /** Its spans, where it is traced. */
  trace: RequestSpan | undefined;
  readonly #origin: number;

  /**
   * @param peer IP address of the connection
   * @param startedAt when its head was there, by the clock of `performance.now()`
   */
  constructor(peer: string, startedAt: number) {
    this.client = this.peer = peer;
    this.#origin = Date.now() - performance.now();
    this.startedAt = this.#origin + startedAt;
  }

  /** Whether it is a call of the control API. */
  get control(): boolean {
    return this.identity !== undefined && this.identity.key === undefined;
  }

  /** Whether it is something that went wrong on this side: a 5xx, or an answer that broke off. */
  get failed(): boolean {
    return this.status >= 500 || this.outcome === "broken";
  }

  /** The time, on the clock of this record. */
  now(): number {
    return this.#origin + performance.now();
  }

  /** Turns a time of `performance.now()` into one of this record. */
  at(time: number): number {
    return this.#origin + time;
  }

  /** It is being sent, or a connection opened for it. */
  ask(upstream: Upstream, reused: boolean, startedAt = this.now()): void {
    const attempt: Attempt = {
      replica: upstream.name,
      instance: upstream.instance,
      startedAt,
      firstByteAt: undefined,
      endedAt: undefined,
      reused,
      failure: undefined,
    };
    this.attempts.push(attempt);
    this.trace?.ask(this.attempts.length - 1, attempt, upstream);
  }

  /** It was not sent after all. */
  unask(): void {
    if (this.#asking) this.attempts.pop();
  }

  /** It goes over a connection that had carried one before. */
  reuse(): void {
    const attempt = this.#asking;
    if (attempt) attempt.reused = true;
  }

  /** Bytes of an answer are there. */
  hear(): void {
    const attempt = this.#asking;
    if (attempt) attempt.firstByteAt ??= this.now();
  }

  /** They are the head of the final answer. */
  answer(status: number): void {
    this.status = status;
    this.hear();
  }

  /** The attempt failed. */
  fail(failure: AttemptFailure): void {
    const attempt = this.#asking;
    if (!attempt) return;
    attempt.failure = failure;
    attempt.endedAt = this.now();
  }

  /** It waits from now on. */
  hold(why: WaitCause): void {
    this.holds.push({ why, startedAt: this.now(), endedAt: undefined });
  }

  /** It waits no longer; what it was to be asked meanwhile, it is asked now. */
  unhold(): void {
    const now = this.now();
    const hold = this.holds.at(-1);
    if (hold) hold.endedAt ??= now;
    const attempt = this.#asking;
    if (!attempt) return;
    attempt.startedAt = now;
    this.trace?.askAgain(this.attempts.length - 1, attempt);
  }

  /** The balancer itself answers. */
  refuse({ status, reason, message }: Rejection): void {
    this.status = status;
    this.reason = reason;
    this.detail = message;
  }

  /** It is over. */
  end(outcome: Outcome): void {
    this.endedAt = this.now();
    this.outcome = outcome;
    const [attempt, hold] = [this.#asking, this.holds.at(-1)];
    if (attempt) attempt.endedAt = this.endedAt;
    if (hold) hold.endedAt ??= this.endedAt;
  }

  /** The attempt that is being made. */
  get #asking(): Attempt | undefined {
    const attempt = this.attempts.at(-1);
    return attempt?.endedAt === undefined ? attempt : undefined;
  }
}
