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
 * Operations that the runtime finishes at once in one poll of its event loop are 128 at most, reads
 * and writes together. One more is not refused: it goes a slow way, by the operating system's queue
 * of events, and what goes that way is woken last in, first out. So the writes of a poll stay below
 * the limit, with room for what others do (an accepted connection, a timer).
 */
const WRITES = 126;

/** Reads of a poll that may finish at once, and the writes that come of them. */
const READS = 118;

/**
 * From so many finished reads in a poll on, there may be more connections with something to read
 * than the runtime takes from the system's events in one poll: the event loop is crowded.
 */
const CROWDED = 120;

/** Milliseconds until reads begin when no other read ends. */
const PAUSE_MS = 1;

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

/**
 * The turns of one event loop.
 *
 * A read that begins before its bytes are there waits in the runtime. Where more than 128 of those
 * have bytes at the same time, the runtime serves them last in, first out, and some connections
 * wait for a second. So in a crowded event loop reads wait here, first in, first out, and begin in
 * slices: each slice is half of what the poll has left, since each read brings a write. After a
 * slice that found connections without bytes the others wait until the runtime has seen new events.
 */
export class IoBatches {
  readonly #requests = new Queue();
  readonly #responses = new Queue();
  readonly #sends = new Queue();
  readonly #reads = new Queue();
  #due = false;
  /** Operations of the present poll that finished at once. */
  #spent = 0;
  /** Set from when the next poll may have begun until its first operation. */
  #polled = false;
  /** Reads that ended in the runtime and are not delivered yet. */
  #over = 0;
  /** Turns so far that such reads ended in. */
  #turns = 0;
  #crowded = false;
  /** Set while those that others overtook are read first. */
  #holding = false;
  /** Reads that began in the slice whose outcome is still open; 0 without such a slice. */
  #sliced = 0;
  /** How many of them found bytes. */
  #ready = 0;
  /** Set while the next poll is waited for. */
  #deferred = false;
  #paused = false;

  /** Something was read: to be handed on in this turn. */
  filled(one: Staged, side: Side): void {
    if (this.#sliced > 0) {
      this.#ready++;
      this.#spent++;
    } else {
      if (!this.#due || this.#polled) this.#startPoll();
      this.#over++;
    }
    // What clients and what replicas say is understood by different code, too.
    (side === "client" ? this.#requests : this.#responses).add(one);
    this.#call();
  }

  /** Something is to be sent in this turn. */
  send(one: Staged): void {
    this.#sends.add(one);
    this.#call();
  }

  /** Something is written beside the turns. */
  wrote(): void {
    this.#spent++;
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
    const waiting = this.#sliced > this.#ready;
    this.#sliced = this.#ready = 0;
    let one: Staged | undefined;
    // A replica's connection that has ended must not be given to a request any more.
    while ((one = this.#responses.next()) !== undefined) one.deliver();
    while ((one = this.#requests.next()) !== undefined) one.deliver();
    this.#write();
    this.#due = false;
    if (this.#over > 0) this.#count();
    if (!this.#crowded) this.#readAll();
    else this.#readSome(waiting);
  };

  #write(): void {
    let one: Staged | undefined;
    while (this.#spent < WRITES && (one = this.#sends.next()) !== undefined) {
      this.#spent++;
      one.beginSend();
    }
    if (this.#sends.empty) return;
    this.#crowded = true;
    this.#defer();
  }

  /** Reads ended in the runtime: many of them, and it may have left others behind. */
  #count(): void {
    this.#turns++;
    this.#holding = this.#over >= CROWDED;
    this.#over = 0;
    if (!this.#holding) return;
    this.#crowded = true;
    this.#pause();
  }

  #readAll(): void {
    let one: Staged | undefined;
    while ((one = this.#reads.next()) !== undefined) one.beginRead();
  }

  /** @param waiting whether the slice before found connections without bytes */
  #readSome(waiting: boolean): void {
    if (this.#holding || !this.#sends.empty) return;
    if (this.#reads.empty) this.#crowded = false;
    else if (waiting) this.#pause();
    else if (this.#spent + 1 < READS) this.#readSlice((READS - this.#spent) >> 1);
    else this.#defer();
  }

  #readSlice(length: number): void {
    let one: Staged | undefined;
    while (this.#sliced < length && (one = this.#reads.next()) !== undefined) {
      this.#sliced++;
      one.beginRead();
    }
    // Behind those that found bytes.
    this.#call();
  }

  /** Goes on in the next poll. An immediate may still run in the poll that asked for it. */
  #defer(): void {
    if (this.#deferred) return;
    this.#deferred = true;
    setImmediate(this.#endPoll);
  }

  readonly #endPoll = (): void => {
    this.#polled = true;
    setImmediate(this.#resume);
  };

  readonly #resume = (): void => {
    this.#deferred = false;
    if (this.#polled) this.#startPoll();
    this.#call();
  };

  #startPoll(): void {
    this.#polled = false;
    this.#spent = 0;
  }

  /** Goes on after the next turn that reads ended in, or soon where there is none. */
  #pause(): void {
    if (this.#paused) return;
    this.#paused = true;
    const turn = this.#turns;
    setTimeout(() => this.#unpause(turn), PAUSE_MS);
  }

  /** The reads that ended by now are delivered before the next immediate. */
  #unpause(turn: number): void {
    setImmediate(() => {
      this.#paused = false;
      if (this.#turns === turn) this.#holding = false;
      else if (this.#holding) return this.#pause();
      if (!this.#reads.empty) this.#defer();
    });
  }
}

/** What has left the queue is dropped after so many. */
const DROPPED = 1024;

/** First in, first out, in memory that is used again. */
class Queue {
  readonly #all: (Staged | undefined)[] = [];
  #from = 0;
  #to = 0;

  get empty(): boolean {
    return this.#from === this.#to;
  }

  add(one: Staged): void {
    this.#all[this.#to++] = one;
  }

  /** @returns undefined where there is none */
  next(): Staged | undefined {
    if (this.#from === this.#to) {
      this.#from = this.#to = 0;
      return undefined;
    }
    // A queue that always has something in it must not grow.
    if (this.#from === DROPPED) this.#drop();
    const one = this.#all[this.#from];
    this.#all[this.#from++] = undefined;
    return one;
  }

  #drop(): void {
    this.#all.splice(0, DROPPED);
    this.#to -= DROPPED;
    this.#from = 0;
  }
}

const READY = Promise.resolve();

/** Those of this thread. */
export const IO_BATCHES = new IoBatches();
