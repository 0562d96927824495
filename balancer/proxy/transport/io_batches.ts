/**
 * Groups the I/O of many connections in one turn of the event loop by kind instead of by
 * connection: first all received bytes are delivered, then all responses are written, then the next
 * reads start. Parsing and the kernel's send path each exceed the processor's first cache;
 * alternating between them for each connection would evict both.
 *
 * The runtime settles the promises of all finished reads, and only then runs their continuations.
 * So a microtask that the first continuation queues runs after all the others.
 *
 * @module
 */

/**
 * In one poll of its event loop the runtime finishes at most 128 operations at once, reads and
 * writes together. A further operation takes the slow path through the operating system's event
 * queue, which wakes operations last in, first out. So the writes of a poll stay below the limit,
 * with room for other operations (an accepted connection, a timer).
 */
const WRITES = 126;

/** Reads of a poll that may finish at once, so that their writes fit, too. */
const READS = 118;

/**
 * From this many finished reads in a poll on, more connections may be readable than the runtime
 * takes from the system's events in one poll: the event loop is crowded.
 */
const CROWDED = 120;

/** Pause before reads start when no other read ends, in milliseconds. */
const PAUSE_MS = 1;

/** The side of the proxy that a connection is on. */
export type Side = "client" | "replica";

/** A connection that takes part. These methods must not throw. */
export interface Staged {
  /** Delivers the received bytes. */
  deliver(): void;
  /** Starts to write the pending bytes; completes only after this call has returned. */
  beginSend(): void;
  /** Starts to read; completes only after this call has returned. */
  beginRead(): void;
}

/** Where connections ask for their turns. */
export interface Batches {
  /** Bytes were received: they are delivered. */
  filled(one: Staged, side: Side): void;
  /** Bytes are to be sent. */
  send(one: Staged): void;
  /** A read is to start. */
  read(one: Staged): void;
  /** Counts a write outside the batches. */
  wrote(): void;
}

/**
 * The turns of one event loop.
 *
 * A read that starts before its bytes arrive waits in the runtime. If more than 128 such reads
 * become ready at the same time, the runtime serves them last in, first out, and some connections
 * wait for a second. So in a crowded event loop reads wait here, first in, first out, and start in
 * slices: each slice is half of the poll's remaining operations, since each read causes a write.
 * After a slice with connections that had no bytes, the others wait until the runtime has seen new
 * events.
 */
export class IoBatches implements Batches {
  readonly #requests = new Queue();
  readonly #responses = new Queue();
  readonly #sends = new Queue();
  readonly #reads = new Queue();
  #due = false;
  /** Operations of the current poll that finished at once. */
  #spent = 0;
  /** Set from when the next poll may have begun until its first operation. */
  #polled = false;
  /** Reads that ended in the runtime and are not delivered yet. */
  #over = 0;
  /** Number of turns in which such reads ended. */
  #turns = 0;
  #crowded = false;
  /** Set while overtaken reads are served first. */
  #holding = false;
  /** Reads that started in the slice whose outcome is still open; 0 without such a slice. */
  #sliced = 0;
  /** Number of those reads that found bytes. */
  #ready = 0;
  /** Set while the next poll is awaited. */
  #deferred = false;
  #paused = false;

  /** Bytes were received: they are delivered in this turn. */
  filled(one: Staged, side: Side): void {
    if (this.#sliced > 0) {
      this.#ready++;
      this.#spent++;
    } else {
      if (!this.#due || this.#polled) this.#startPoll();
      this.#over++;
    }
    // Requests and responses are parsed by different code, too.
    (side === "client" ? this.#requests : this.#responses).add(one);
    this.#call();
  }

  /** Bytes are to be sent in this turn. */
  send(one: Staged): void {
    this.#sends.add(one);
    this.#call();
  }

  /** Counts a write outside the batches. */
  wrote(): void {
    this.#spent++;
  }

  /** A read is to start in this turn, or after earlier ones. */
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
    // A replica's connection that has ended must not be given to a request.
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

  /** Reads ended in the runtime: if there are many, it may have left others behind. */
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

  /** @param waiting whether the previous slice had connections without bytes */
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
    // After the reads that found bytes.
    this.#call();
  }

  /** Continues in the next poll. An immediate may still run in the poll that requested it. */
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

  /** Continues after the next turn in which reads ended, or soon if there is none. */
  #pause(): void {
    if (this.#paused) return;
    this.#paused = true;
    const turn = this.#turns;
    setTimeout(() => this.#unpause(turn), PAUSE_MS);
  }

  /** The reads that have ended are delivered before the next immediate. */
  #unpause(turn: number): void {
    setImmediate(() => {
      this.#paused = false;
      if (this.#turns === turn) this.#holding = false;
      else if (this.#holding) return this.#pause();
      if (!this.#reads.empty) this.#defer();
    });
  }
}

/** Entries that left the queue are dropped in batches of this size. */
const DROPPED = 1024;

/** A first in, first out queue in reused memory. */
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

  /** @returns undefined if the queue is empty */
  next(): Staged | undefined {
    if (this.#from === this.#to) {
      this.#from = this.#to = 0;
      return undefined;
    }
    // A queue that is never empty must not grow.
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

/** The batches of this thread. */
export const IO_BATCHES = new IoBatches();
