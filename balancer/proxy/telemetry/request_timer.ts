/**
 * Takes the times of a client's requests, one after the other, and counts how they end. It reads
 * the clock four times for a request that is timed: at its head, when it is sent, when its answer
 * begins, and at the end. Times are in milliseconds. Where somebody wants to hear of a request, it
 * keeps the record of it.
 *
 * @module
 */
import { bodyLength, type FailureMessage } from "../errors/error_response.ts";
import { lineIn, lineOf } from "./record_sampler.ts";
import { type Outcome, RequestRecord } from "./request_record.ts";
import { isEvidence, type UpstreamError } from "../errors/upstream_error.ts";
import type { Client } from "../request/client.ts";
import type { Rejection, RequestEvents, WaitCause } from "../request/request_events.ts";
import type { Telemetry } from "./telemetry.ts";
import { outcomeOf, type ReplicaCounters, UNCOUNTED } from "../stats/counters.ts";
import { BROKEN, LEFT } from "../stats/counter_layout.ts";
import type { ProxyRequest } from "../request/request.ts";
import type { InstancePool } from "../upstream/connection_pool.ts";

/** It was not counted yet. */
const OPEN = 1;
/** The beginning of its answer is with the client, and more is to come. */
const HANDED = 2;
/** It had to wait for something else than its owner's answer. */
const DETOURED = 4;
/** It has no end of its own. */
const ENDLESS = 8;
/** The replica broke its answer off. */
const BROKEN_OFF = 16;
/** The access log is to tell of it. */
const CHOSEN = 32;

/** What a timer reads of the client whose requests it times. */
type TimedClient = Pick<Client, "address" | "origin" | "wire" | "body">;

/** The times of the request that is on a client's connection. */
export class RequestTimer implements RequestEvents {
  /** What is known of the request; undefined where nobody wants to hear of it. */
  record: RequestRecord | undefined;
  readonly #client: TimedClient;
  readonly #telemetry: Telemetry;
  /** Whoever was asked last; undefined while nobody was. */
  #asked: ReplicaCounters | undefined;
  /** How many requests this one stands for; 0: it is not timed. */
  #weight = 0;
  #takenAt = 0;
  #askedAt = 0;
  #answeredAt = 0;
  /** Holds where the beginning of the answer went to the client before the rest. */
  #handedAt = 0;
  #status = 0;
  /** What is so of it, as bits: to begin a request is one store then. */
  #state = 0;

  /**
   * @param telemetry what the timers of one worker share
   * @param client whose requests
   */
  constructor(telemetry: Telemetry, client: TimedClient) {
    this.#telemetry = telemetry;
    this.#client = client;
  }

  received(): void {
    this.#weight = this.#telemetry.counters.timingSampler.next();
    if (this.#weight > 0) this.#takenAt = performance.now();
    this.#asked = undefined;
    this.#state = this.#telemetry.recorder.next() ? OPEN | CHOSEN : OPEN;
  }

  parsed(): void {
    if ((this.#state & CHOSEN) !== 0) this.begin();
  }

  /** There is to be a record of it, whose head is what was parsed last. */
  begin(): RequestRecord {
    if (this.record) return this.record;
    const record = this.#newRecord();
    const { requestHead, recorder } = this.#telemetry;
    record.line = lineIn(requestHead, this.#client.wire.bytes, recorder.readsFields);
    return record;
  }

  /** There is to be none after all, unless the access log is to tell of it. */
  forget(): void {
    if (!this.record?.sampled) this.record = undefined;
  }

  routed(request: ProxyRequest): string | undefined {
    const { traces, recorder } = this.#telemetry;
    const traceparent = traces?.begin(this, this.#client.wire.bytes, request);
    if (this.record) this.record.identity = recorder.identify(request);
    return traceparent;
  }

  traceParentWritten(end: number): void {
    this.record?.trace?.place(end);
  }

  attemptStarted(pool: InstancePool, reused: boolean): void {
    this.#asked = pool.counters;
    if (this.#weight > 0) this.#askedAt = performance.now();
    if (this.record) this.record.ask(pool.upstream, reused);
  }

  connected(reused: boolean): void {
    if (reused) this.record?.reuse();
  }

  attemptCancelled(): void {
    this.record?.unask();
  }

  responseArrived(): void {
    if (this.#weight > 0) this.#answeredAt = performance.now();
    if (this.record) this.record.hear();
  }

  responseStarted(
    status: number,
    request: ProxyRequest,
    pool: InstancePool,
    reused: boolean,
  ): void {
    if (status >= 500) this.#witness(request, pool, reused);
    this.#status = status;
    if (this.#weight > 0) this.#asked?.began(this.#answeredAt - this.#askedAt, this.#weight);
    if (this.record) this.record.answer(status);
  }

  bytesSent(bytes: number): void {
    if (this.record) this.record.bytesOut += bytes;
  }

  bytesReceived(bytes: number): void {
    if (this.record) this.record.bytesIn += bytes;
  }

  responseSent(): void {
    this.#state |= HANDED;
    if (this.#weight > 0) this.#handedAt = performance.now();
  }

  /**
   * It goes wrong. Where failures are recorded even of requests that were not chosen, there is a
   * record of it from now on.
   *
   * @param request the request, its bytes still there
   * @param asked the connection's pool, where it goes wrong with whom it was sent to
   * @param reused whether that connection had carried a request before
   */
  #witness(request: ProxyRequest, asked?: InstancePool, reused = false): void {
    if (this.record !== undefined || !this.#telemetry.recorder.catches) return;
    const record = this.#newRecord();
    record.late = this.#weight === 0;
    const { recorder } = this.#telemetry;
    record.line = lineOf(request, recorder.readsFields);
    record.identity = recorder.identify(request);
    if (!asked) return;
    const askedAt = record.late ? performance.now() : this.#askedAt;
    record.ask(asked.upstream, reused, record.at(askedAt));
  }

  attemptFailed(request: ProxyRequest, pool: InstancePool, failure: UpstreamError): void {
    this.#witness(request, pool, failure.reused);
    this.record?.fail(isEvidence(failure) ? failure.kind : "stale");
  }

  diverted(request: ProxyRequest, pool?: InstancePool): void {
    this.#state |= DETOURED;
    this.#witness(request, pool);
  }

  waiting(cause: WaitCause): void {
    this.record?.hold(cause);
  }

  /** The replica had nothing to do with the wait: the attempt begins now. */
  resumed(): void {
    this.record?.unhold();
    if (this.#weight > 0) this.#askedAt = performance.now();
  }

  streaming(): void {
    this.#state |= ENDLESS;
    if (this.record) this.record.endless = this.#status === 101 ? "tunnel" : "stream";
  }

  responseBroken(request: ProxyRequest, pool: InstancePool, reused: boolean): void {
    this.#witness(request, pool, reused);
    this.#state |= BROKEN_OFF;
    this.#asked?.failed("broken");
    this.record?.fail("broken");
  }

  completed(method: string): void {
    const { own } = this.#telemetry.counters;
    const asked = this.#asked;
    if ((this.#state & OPEN) === 0 || asked === undefined) return;
    this.#state &= ~OPEN;
    if (this.record) this.#close(this.record, "answered");
    if (asked === UNCOUNTED) return own.controlled();
    const outcome = outcomeOf(this.#status);
    asked.ended(method, outcome);
    own.ended(outcome);
    if (this.#weight > 0) this.#time(asked);
  }

  #time(asked: ReplicaCounters): void {
    const now = performance.now();
    if ((this.#state & ENDLESS) === 0) asked.took(now - this.#takenAt, this.#weight);
    if ((this.#state & DETOURED) !== 0) return;
    const handedAt = (this.#state & HANDED) === 0 ? now : this.#handedAt;
    const added = this.#askedAt - this.#takenAt + handedAt - this.#answeredAt;
    this.#telemetry.counters.own.added(added, this.#weight);
  }

  aborted(method: string): void {
    if ((this.#state & OPEN) === 0) return;
    this.#state &= ~OPEN;
    const { own } = this.#telemetry.counters;
    const outcome = (this.#state & BROKEN_OFF) !== 0 ? BROKEN : LEFT;
    if (this.record) this.#close(this.record, outcome === BROKEN ? "broken" : "left");
    if (this.#asked === UNCOUNTED) return own.controlled();
    if (this.#asked) this.#asked.ended(method, outcome);
    else own.unanswered(method, outcome);
    own.ended(outcome);
  }

  rejected(method: string, refusal: Rejection, request?: ProxyRequest): void {
    if (request) this.#witness(request);
    const { own } = this.#telemetry.counters;
    const outcome = outcomeOf(refusal.status);
    this.#state &= ~OPEN;
    own.refused(refusal.reason);
    own.unanswered(method, outcome);
    own.ended(outcome);
    if (!this.record && this.#concerns(refusal)) this.#newRecord();
    this.record?.refuse(refusal);
  }

  rejectionSent(answer: FailureMessage): void {
    if (!this.record) return;
    this.record.bytesOut = bodyLength(answer);
    this.#close(this.record, "refused");
  }

  /** Of a request that could not be understood, nothing but that is known. */
  #concerns({ status }: Rejection): boolean {
    return (this.#state & CHOSEN) !== 0 || (this.#telemetry.recorder.catches && status >= 500);
  }

  #newRecord(): RequestRecord {
    const startedAt = this.#weight > 0 ? this.#takenAt : performance.now();
    const record = new RequestRecord(this.#client.address, startedAt);
    record.client = this.#client.origin;
    record.sampled = (this.#state & CHOSEN) !== 0;
    return this.record = record;
  }

  #close(record: RequestRecord, outcome: Outcome): void {
    this.record = undefined;
    record.bytesIn += this.#client.body.dataBytes;
    record.end(outcome);
    this.#telemetry.recorder.recorded(record);
  }
}
