/**
 * Takes the times of a client's requests, one after the other, and counts how they end. It reads
 * the clock four times for a request that is timed: at its head, when it is sent, when its answer
 * begins, and at the end. Times are in milliseconds. Where somebody wants to hear of a request, it
 * keeps the record of it.
 *
 * @module
 */
import type { Downstream } from "../downstream/client_connection.ts";
import { bodyLength, type FailureMessage } from "../errors/error_response.ts";
import { lineIn, lineOf, type Recorder } from "./record_sampler.ts";
import { type Outcome, RequestRecord } from "./request_record.ts";
import { isEvidence, type UpstreamError } from "../errors/upstream_error.ts";
import type { Tallies } from "../stats/worker_counters.ts";
import { outcomeOf, type ReplicaTally, UNCOUNTED } from "../stats/counters.ts";
import { BROKEN, LEFT, type RefusalCause } from "../stats/counter_layout.ts";
import type { Transaction } from "../request/request.ts";
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

/** Why the balancer itself answers. */
export interface Refused {
  readonly status: number;
  readonly reason: RefusalCause;
  /** The same in words. */
  readonly message: string;
}

/** The times of the request that is on a client's connection. */
export class Stopwatch {
  /** What is known of the request; undefined where nobody wants to hear of it. */
  record: RequestRecord | undefined;
  readonly #client: Downstream;
  readonly #tallies: Tallies;
  readonly #recorder: Recorder;
  /** Whoever was asked last; undefined while nobody was. */
  #asked: ReplicaTally | undefined;
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

  /** @param client whose requests */
  constructor(client: Downstream) {
    this.#client = client;
    this.#tallies = client.proxy.tallies;
    this.#recorder = client.proxy.recorder;
  }

  /** The head of a request is there. */
  take(): void {
    this.#weight = this.#tallies.pace.next();
    if (this.#weight > 0) this.#takenAt = performance.now();
    this.#asked = undefined;
    this.#state = this.#recorder.next() ? OPEN | CHOSEN : OPEN;
  }

  /** Its head is what was parsed last. */
  read(): void {
    if ((this.#state & CHOSEN) !== 0) this.begin();
  }

  /** There is to be a record of it, whose head is what was parsed last. */
  begin(): RequestRecord {
    if (this.record) return this.record;
    const record = this.#newRecord();
    record.line = lineIn(this.#client);
    return record;
  }

  /** There is to be none after all, unless the access log is to tell of it. */
  forget(): void {
    if (!this.record?.sampled) this.record = undefined;
  }

  /** It is known where it goes. */
  identify(request: Transaction): void {
    if (this.record) this.record.identity = this.#recorder.identify(request);
  }

  /** It is being sent over a connection, or one opened for it. */
  ask(pool: InstancePool, reused: boolean): void {
    this.#asked = pool.tally;
    if (this.#weight > 0) this.#askedAt = performance.now();
    if (this.record) this.record.ask(pool.upstream, reused);
  }

  /** It is asked no earlier than now: the replica has had nothing to do with it so far. */
  askNow(): void {
    if (this.#weight > 0) this.#askedAt = performance.now();
  }

  /** Bytes of an answer are there. */
  hear(): void {
    if (this.#weight > 0) this.#answeredAt = performance.now();
    if (this.record) this.record.hear();
  }

  /** They are the head of the final answer. */
  answer(status: number): void {
    this.#status = status;
    if (this.#weight > 0) this.#asked?.began(this.#answeredAt - this.#askedAt, this.#weight);
    if (this.record) this.record.answer(status);
  }

  /** So many bytes of its answer's body are sent. */
  pass(bytes: number): void {
    if (this.record) this.record.bytesOut += bytes;
  }

  /** So many bytes came through its tunnel. */
  receive(bytes: number): void {
    if (this.record) this.record.bytesIn += bytes;
  }

  /** The beginning of the answer is with the client. */
  hand(): void {
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
  witness(request: Transaction, asked?: InstancePool, reused = false): void {
    if (this.record !== undefined || !this.#recorder.catches) return;
    const record = this.#newRecord();
    record.late = this.#weight === 0;
    record.line = lineOf(request, this.#recorder.readsFields);
    record.identity = this.#recorder.identify(request);
    if (!asked) return;
    const askedAt = record.late ? performance.now() : this.#askedAt;
    record.ask(asked.upstream, reused, record.at(askedAt));
  }

  /** An attempt failed. */
  fail(failure: UpstreamError): void {
    this.record?.fail(isEvidence(failure) ? failure.kind : "stale");
  }

  /** It does not go straight to its owner and back. */
  detour(): void {
    this.#state |= DETOURED;
  }

  /** It has become a tunnel, or a stream of events. */
  stream(): void {
    this.#state |= ENDLESS;
    if (this.record) this.record.endless = this.#status === 101 ? "tunnel" : "stream";
  }

  /** The replica breaks its answer off. */
  breakOff(): void {
    this.#state |= BROKEN_OFF;
    this.#asked?.failed("broken");
    this.record?.fail("broken");
  }

  /** All of the answer is with the client. */
  finish(method: string): void {
    const { worker } = this.#tallies;
    const asked = this.#asked;
    if ((this.#state & OPEN) === 0 || asked === undefined) return;
    this.#state &= ~OPEN;
    if (this.record) this.#close(this.record, "answered");
    if (asked === UNCOUNTED) return worker.controlled();
    const outcome = outcomeOf(this.#status);
    asked.ended(method, outcome);
    worker.ended(outcome);
    if (this.#weight > 0) this.#time(asked);
  }

  #time(asked: ReplicaTally): void {
    const now = performance.now();
    if ((this.#state & ENDLESS) === 0) asked.took(now - this.#takenAt, this.#weight);
    if ((this.#state & DETOURED) !== 0) return;
    const handedAt = (this.#state & HANDED) === 0 ? now : this.#handedAt;
    const added = this.#askedAt - this.#takenAt + handedAt - this.#answeredAt;
    this.#tallies.worker.added(added, this.#weight);
  }

  /** No more of the answer comes, or nobody takes it. */
  abort(method: string): void {
    if ((this.#state & OPEN) === 0) return;
    this.#state &= ~OPEN;
    const { worker } = this.#tallies;
    const outcome = (this.#state & BROKEN_OFF) !== 0 ? BROKEN : LEFT;
    if (this.record) this.#close(this.record, outcome === BROKEN ? "broken" : "left");
    if (this.#asked === UNCOUNTED) return worker.controlled();
    if (this.#asked) this.#asked.ended(method, outcome);
    else worker.unanswered(method, outcome);
    worker.ended(outcome);
  }

  /** The balancer itself answers; whether the client took it, {@linkcode refused} says. */
  refuse(method: string, refusal: Refused): void {
    const { worker } = this.#tallies;
    const outcome = outcomeOf(refusal.status);
    this.#state &= ~OPEN;
    worker.refused(refusal.reason);
    worker.unanswered(method, outcome);
    worker.ended(outcome);
    if (!this.record && this.#concerns(refusal)) this.#newRecord();
    this.record?.refuse(refusal);
  }

  /** The balancer's own answer was written, or its client is gone. */
  refused(answer: FailureMessage): void {
    if (!this.record) return;
    this.record.bytesOut = bodyLength(answer);
    this.#close(this.record, "refused");
  }

  /** Of a request that could not be understood, nothing but that is known. */
  #concerns({ status }: Refused): boolean {
    return (this.#state & CHOSEN) !== 0 || (this.#recorder.catches && status >= 500);
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
    this.#recorder.recorded(record);
  }
}
