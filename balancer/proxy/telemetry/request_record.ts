/**
 * The record of one request, filled in while the request is served and passed to the access log and
 * the tracer at its end. Only sampled requests have a record; all others pay one comparison at each
 * event.
 *
 * Times are milliseconds since the epoch, with fractions. They are read from one monotonic clock,
 * so that differences are right even if the system's clock is set meanwhile.
 *
 * @module
 */
import type { KeySource } from "../../settings/values.ts";
import type { Upstream } from "../../view.ts";
import type { ClientTls } from "../request/client.ts";
import type { RequestSpan } from "./request_span.ts";
import type { Rejection, WaitCause } from "../request/request_events.ts";
import type { AttemptFailure, RefusalCause } from "../stats/counter_layout.ts";

/** One attempt to get a response. */
export interface Attempt {
  /** The replica's name; `control` for the control API. */
  readonly replica: string;
  readonly instance: string;
  /** Whether the replica is reached over TLS. */
  readonly secure: boolean;
  /** When sending began, or the opening of a connection for it. */
  startedAt: number;
  /** When the first byte of a response arrived, interim responses included. */
  firstByteAt: number | undefined;
  endedAt: number | undefined;
  /** Whether the connection had carried a request before. */
  reused: boolean;
  /** How it failed, if it did. */
  failure: AttemptFailure | undefined;
}

/** One wait. */
interface Hold {
  readonly why: WaitCause;
  readonly startedAt: number;
  endedAt: number | undefined;
}

/**
 * How the request ended: a replica or the control API answered, the balancer itself refused it, the
 * replica broke its response off, or the client left before the end of the response.
 */
export type Outcome = "answered" | "refused" | "broken" | "left";

/** Exchanges without an end of their own. */
type Endless = "tunnel" | "stream";

/** Facts of a request that are known once its head is parsed. */
export interface RequestLine {
  readonly method: string;
  /** Path and query, one character for each byte. */
  readonly target: string;
  /** Minor version of the client's HTTP/1. */
  readonly minor: 0 | 1;
  /** Set only if the log format has the field; one character for each byte. */
  readonly referer?: string | undefined;
  /** As `referer`. */
  readonly userAgent?: string | undefined;
}

/** The request's id, and its key and slot. */
export interface Identity {
  readonly requestId: string;
  /** Undefined for a call of the control API. */
  readonly key: string | undefined;
  /** Source of the key; that of all requests unless given. */
  readonly from?: KeySource["from"];
  /** -1 if there is none. */
  readonly slot: number;
}

/** The record of one request. */
export class RequestRecord {
  /** IP address of the client; behind trusted proxies the address that they name. */
  client: string;
  /** Whether it came by HTTP/2. */
  http2 = false;
  /** Whether it came by a port that speaks TLS. */
  secure = false;
  /** Id of its stream of HTTP/2; 0 for HTTP/1.1. */
  streamId = 0;
  /** Facts about the TLS of the client's connection, where there is one. */
  tls: ClientTls | undefined;
  /** IP address of the connection. */
  readonly peer: string;
  readonly startedAt: number;
  /** 0 until the request ends. */
  endedAt = 0;
  /** Undefined if the request was malformed. */
  line: RequestLine | undefined;
  /** Undefined if the request was refused before it had a key. */
  identity: Identity | undefined;
  readonly attempts: Attempt[] = [];
  readonly holds: Hold[] = [];
  /** Bytes of its body that were read; for a tunnel, all bytes from the client. */
  bytesIn = 0;
  /** Bytes of the response's body sent to the client; for a tunnel, all bytes to the client. */
  bytesOut = 0;
  /** Status of the response; 0 if there was none. */
  status = 0;
  outcome: Outcome | undefined;
  /** Why the balancer itself answered. */
  reason: RefusalCause | undefined;
  /** The reason in words, as sent to the client. */
  detail = "";
  endless: Endless | undefined;
  /** Whether the access log sampled it; false if it is recorded for a failure or a trace only. */
  sampled = false;
  /** Created late, on an error: earlier timings are missing. */
  late = false;
  /** Its spans, if it is traced. */
  trace: RequestSpan | undefined;
  readonly #origin: number;

  /**
   * @param peer IP address of the connection
   * @param startedAt when its head arrived, by the clock of `performance.now()`
   */
  constructor(peer: string, startedAt: number) {
    this.client = this.peer = peer;
    this.#origin = Date.now() - performance.now();
    this.startedAt = this.#origin + startedAt;
  }

  /** Version of the client's HTTP. */
  get version(): string {
    return this.http2 ? "2" : `1.${this.line?.minor ?? 1}`;
  }

  /** `http` or `https`, as the client spoke to this balancer. */
  get scheme(): string {
    return this.secure ? "https" : "http";
  }

  /** Version of the client's TLS as OpenTelemetry writes it: `1.2` or `1.3`. */
  get tlsVersion(): string | undefined {
    return this.tls?.version.replace("TLSv", "");
  }

  /** Whether it is a call of the control API. */
  get control(): boolean {
    return this.identity !== undefined && this.identity.key === undefined;
  }

  /** Whether the server side failed: a 5xx response, or a response that broke off. */
  get failed(): boolean {
    return this.status >= 500 || this.outcome === "broken";
  }

  /** The time, on the clock of this record. */
  now(): number {
    return this.#origin + performance.now();
  }

  /** Converts a time of `performance.now()` to the clock of this record. */
  at(time: number): number {
    return this.#origin + time;
  }

  /** An attempt begins: the request is sent, or a connection opened for it. */
  ask(upstream: Upstream, reused: boolean, startedAt = this.now()): void {
    const attempt: Attempt = {
      replica: upstream.name,
      instance: upstream.instance,
      secure: !("path" in upstream.address) && upstream.address.tls === true,
      startedAt,
      firstByteAt: undefined,
      endedAt: undefined,
      reused,
      failure: undefined,
    };
    this.attempts.push(attempt);
    this.trace?.ask(this.attempts.length - 1, attempt, upstream);
  }

  /** The attempt was cancelled before sending. */
  cancelAttempt(): void {
    if (this.#currentAttempt) this.attempts.pop();
  }

  /** The attempt uses a connection that had carried a request before. */
  reuse(): void {
    const attempt = this.#currentAttempt;
    if (attempt) attempt.reused = true;
  }

  /** Bytes of a response arrived. */
  responseArrived(): void {
    const attempt = this.#currentAttempt;
    if (attempt) attempt.firstByteAt ??= this.now();
  }

  /** The head of the final response arrived. */
  answer(status: number): void {
    this.status = status;
    this.responseArrived();
  }

  /** The attempt failed. */
  fail(failure: AttemptFailure): void {
    const attempt = this.#currentAttempt;
    if (!attempt) return;
    attempt.failure = failure;
    attempt.endedAt = this.now();
  }

  /** The request waits from now on. */
  hold(why: WaitCause): void {
    this.holds.push({ why, startedAt: this.now(), endedAt: undefined });
  }

  /** The wait is over; an attempt that waited begins now. */
  unhold(): void {
    const now = this.now();
    const hold = this.holds.at(-1);
    if (hold) hold.endedAt ??= now;
    const attempt = this.#currentAttempt;
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

  /** The request is over. */
  end(outcome: Outcome): void {
    this.endedAt = this.now();
    this.outcome = outcome;
    const [attempt, hold] = [this.#currentAttempt, this.holds.at(-1)];
    if (attempt) attempt.endedAt = this.endedAt;
    if (hold) hold.endedAt ??= this.endedAt;
  }

  /** The attempt under way. */
  get #currentAttempt(): Attempt | undefined {
    const attempt = this.attempts.at(-1);
    return attempt?.endedAt === undefined ? attempt : undefined;
  }
}
