/**
 * Takes the times of a client's requests, one after the other, and counts how they end. It reads
 * the clock four times for a request that is timed: at its head, when it is sent, when its answer
 * begins, and at the end. Times are in milliseconds.
 *
 * @module
 */
import type { Tallies } from "./tallies.ts";
import { outcomeOf, type ReplicaTally, UNCOUNTED } from "./tally.ts";
import { BROKEN, LEFT, type RefusalCause } from "./tally_layout.ts";

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

/** The times of the request that is on a client's connection. */
export class Stopwatch {
  readonly #tallies: Tallies;
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

  constructor(tallies: Tallies) {
    this.#tallies = tallies;
  }

  /** The head of a request is there. */
  take(): void {
    this.#weight = this.#tallies.pace.next();
    if (this.#weight > 0) this.#takenAt = performance.now();
    this.#asked = undefined;
    this.#state = OPEN;
  }

  /** It is being sent, or a connection opened for it. */
  ask(whom: ReplicaTally): void {
    this.#asked = whom;
    if (this.#weight > 0) this.#askedAt = performance.now();
  }

  /** Bytes of an answer are there. */
  hear(): void {
    if (this.#weight > 0) this.#answeredAt = performance.now();
  }

  /** They are the head of the final answer. */
  answer(status: number): void {
    this.#status = status;
    if (this.#weight > 0) this.#asked?.began(this.#answeredAt - this.#askedAt, this.#weight);
  }

  /** The beginning of the answer is with the client. */
  hand(): void {
    this.#state |= HANDED;
    if (this.#weight > 0) this.#handedAt = performance.now();
  }

  /** It does not go straight to its owner and back. */
  detour(): void {
    this.#state |= DETOURED;
  }

  /** It has become a tunnel, or a stream of events. */
  stream(): void {
    this.#state |= ENDLESS;
  }

  /** The replica breaks its answer off. */
  breakOff(): void {
    this.#state |= BROKEN_OFF;
    this.#asked?.failed("broken");
  }

  /** All of the answer is with the client. */
  finish(method: string): void {
    const { worker } = this.#tallies;
    const asked = this.#asked;
    if ((this.#state & OPEN) === 0 || asked === undefined) return;
    this.#state &= ~OPEN;
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
    if (this.#asked === UNCOUNTED) return worker.controlled();
    const outcome = (this.#state & BROKEN_OFF) !== 0 ? BROKEN : LEFT;
    if (this.#asked) this.#asked.ended(method, outcome);
    else worker.unanswered(method, outcome);
    worker.ended(outcome);
  }

  /** The balancer itself answers. */
  refuse(method: string, status: number, cause: RefusalCause): void {
    const { worker } = this.#tallies;
    const outcome = outcomeOf(status);
    this.#state &= ~OPEN;
    worker.refused(cause);
    worker.unanswered(method, outcome);
    worker.ended(outcome);
  }
}
