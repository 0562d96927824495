/**
 * What many connections do in one turn of the event loop, kind by kind instead of connection by
 * connection: first everything that was read is handed on, then all that came of it is written,
 * then the next reads begin. Parsing and the kernel's way of sending are each more code than the
 * processor's first cache holds; done in turns for each connection, they push each other out of it.
 *
 * The runtime settles the promises of all reads that are over, and only then runs what waits for
 * them. So a microtask that the first of them queues runs behind all the others.
 *
 * @module
 */

/**
 * A turn that so many reads are over in may have left others behind: the runtime stops at 128
 * operations, and next time begins with what has come since. With more connections than that the
 * same ones would be served again and again, and others not for a second. So nobody who was served
 * in such a turn reads again before those behind were.
 */
const FULL = 120;

/** They are served by then, should nothing else be read meanwhile. */
const FULL_MS = 10;

/** Which side of the proxy a connection is on. */
export type Side = "client" | "replica";

/** A connection that takes part. None of these may throw. */
export interface Staged {
  /** Hands on what was read. */
  deliver(): void;
  /** Begins to write what is to be sent. Nobody hears of it before it has returned. */
  beginSend(): void;
  /** Begins to read. Likewise. */
  beginRead(): void;
}

/** The turns of one event loop. */
export class Turn {
  readonly #requests = new Queue();
  readonly #responses = new Queue();
  readonly #sends = new Queue();
  readonly #reads = new Queue();
  #due = false;
  /** How many reads of this turn are over. */
  #over = 0;
  /** Turns so far that reads were over in. */
  #turns = 0;
  /** Set while reads wait for those that others began before them. */
  #holding = false;

  /** Something was read: to be handed on in this turn. */
  filled(one: Staged, side: Side): void {
    // What clients and what replicas say is understood by different code, too.
    this.#over++;
    (side === "client" ? this.#requests : this.#responses).add(one);
    this.#call();
  }

  /** Something is to be sent in this turn. */
  send(one: Staged): void {
    this.#sends.add(one);
    this.#call();
  }

  /** A read is to begin in this turn, or after others whose turn it is. */
  read(one: Staged): void {
    this.#reads.add(one);
    this.#call();
  }

  #call(): void {
    if (this.#due) return;
    this.#due = true;
    READY.then(this.#run);
  }

  readonly #run = (): void => {
    let one: Staged | undefined;
    // A replica's connection that has ended must not be given to a request any more.
    while ((one = this.#responses.next()) !== undefined) one.deliver();
    while ((one = this.#requests.next()) !== undefined) one.deliver();
    while ((one = this.#sends.next()) !== undefined) one.beginSend();
    if (this.#over > 0) this.#count();
    if (!this.#holding) this.#read();
    this.#due = false;
  };

  /** Reads were over. */
  #count(): void {
    const turn = ++this.#turns;
    this.#holding = this.#over >= FULL;
    this.#over = 0;
    if (this.#holding) setTimeout(() => this.#release(turn), FULL_MS);
  }

  /** @param turn was full; if none has come since, nobody was behind */
  #release(turn: number): void {
    if (this.#turns !== turn) return;
    this.#holding = false;
    this.#read();
  }

  #read(): void {
    let one: Staged | undefined;
    while ((one = this.#reads.next()) !== undefined) one.beginRead();
  }
}

/** First in, first out, in memory that is used again. */
class Queue {
  readonly #all: (Staged | undefined)[] = [];
  #from = 0;
  #to = 0;

  add(one: Staged): void {
    this.#all[this.#to++] = one;
  }

  /** @returns undefined where there is none */
  next(): Staged | undefined {
    if (this.#from === this.#to) {
      this.#from = this.#to = 0;
      return undefined;
    }
    const one = this.#all[this.#from];
    this.#all[this.#from++] = undefined;
    return one;
  }
}

const READY = Promise.resolve();

/** Those of this thread. */
export const TURN = new Turn();
