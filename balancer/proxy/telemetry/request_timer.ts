/**
 * Times a client's requests, one after the other, and counts how they end. The clock is read four
 * times for a timed request: at its head, when it is sent, when its response begins, and at the
 * end. Times are in milliseconds. Sampled requests (access log, tracing) get a `RequestRecord`,
 * which the timer fills in.
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

/** The request is not counted yet. */
const OPEN = 1;
/** The beginning of the response was sent to the client, and more follows. */
const HANDED = 2;
/** The request left the direct path to its owner. */
const DETOURED = 4;
/** The exchange has no end of its own. */
const ENDLESS = 8;
/** The replica broke its response off. */
const BROKEN_OFF = 16;
/** The access log sampled the request. */
const CHOSEN = 32;

/** The parts of a client that its timer reads. */
type TimedClient = Pick<
  Client,
  "address" | "origin" | "transport" | "body" | "http2" | "port" | "streamId" | "tls"
>;

/** Times the current request of a client's connection. */
export class RequestTimer implements RequestEvents {
  /** The request's record; undefined unless it is sampled. */
  record: RequestRecord | undefined;
  readonly #client: TimedClient;
  readonly #telemetry: Telemetry;
  /** Counters of the replica that was tried last; undefined before the first attempt. */
  #asked: ReplicaCounters | undefined;
  /** Number of requests that this one stands for; 0: not timed. */
  #weight = 0;
  #takenAt = 0;
  #askedAt = 0;
  #answeredAt = 0;
  /** Set when the beginning of the response was sent before the rest. */
  #handedAt = 0;
  #status = 0;
  /** State bits in one number, so that a new request resets them with one store. */
  #state = 0;

  /**
   * @param telemetry telemetry shared by the timers of one worker
   * @param client the client whose requests are timed
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

  /** Creates the record of the request whose head was parsed last. */
  begin(): RequestRecord {
    if (this.record) return this.record;
    const record = this.#newRecord();
    const { requestHead, recorder } = this.#telemetry;
    record.line = lineIn(requestHead, this.#client.transport.bytes, recorder.readsFields);
    return record;
  }

  /** Drops the record, unless the access log sampled the request. */
  forget(): void {
    if (!this.record?.sampled) this.record = undefined;
  }

  routed(request: ProxyRequest): string | undefined {
    const { traces, recorder } = this.#telemetry;
    const traceparent = traces?.begin(this, this.#client.transport.bytes, request);
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
    this.record?.cancelAttempt();
  }

  responseArrived(): void {
    if (this.#weight > 0) this.#answeredAt = performance.now();
    if (this.record) this.record.responseArrived();
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
   * The request fails. If failures of unsampled requests are recorded, too, it has a record from
   * now on.
   *
   * @param request the request, before its bytes are released
   * @param asked the pool of the failed attempt's connection, if an attempt failed
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

  /** The replica did not cause the wait: the attempt begins now. */
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

  /** Whether a malformed request, of which only the rejection is known, is recorded. */
  #concerns({ status }: Rejection): boolean {
    return (this.#state & CHOSEN) !== 0 || (this.#telemetry.recorder.catches && status >= 500);
  }

  #newRecord(): RequestRecord {
    const startedAt = this.#weight > 0 ? this.#takenAt : performance.now();
    const record = new RequestRecord(this.#client.address, startedAt);
    record.client = this.#client.origin;
    record.http2 = this.#client.http2;
    record.secure = this.#client.port.secure;
    record.streamId = this.#client.streamId;
    record.tls = this.#client.tls;
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
