/**
 * The number of file descriptors that connections may take, counted across all workers. Each worker
 * counts in its own row, so that a crashed worker's connections can be subtracted.
 *
 * @module
 */

/**
 * Memory shared by all threads: a row for each worker, one for the main thread, one for the limit.
 */
export type SharedFiles = Int32Array<SharedArrayBuffer>;

/** Columns of a row. */
const CLIENTS = 0;
const REPLICAS = 1;
const WAITING = 2;
const API = 3;
/** A cache line. */
const ROW = 16;

/**
 * Descriptors reserved for the main thread: heartbeats, the engine, the control API, the listeners;
 * and for each replica the three pipes of its process, its heartbeat, and its replacement's.
 */
const RESERVE = 256;
const RESERVE_PER_REPLICA = 8;

/** Part of the room that is kept from clients for connections to replicas. */
const CLIENTS_LEAVE = 0.1;

/** Part of all descriptors that clients of the API's own port may take, out of the reserve. */
const API_PART = 1 / 16;
const API_LEAST = 8;

/** Part of the clients' room that one address may take, unless configured. */
const CLIENT_PART = 0.5;

/** Part of the clients' room that rejected clients may take in one worker. */
const TURNED_AWAY_PART = 1 / 32;
const TURNED_AWAY_LEAST = 4;
const TURNED_AWAY_MOST = 256;

/** Limits of open connections. */
interface FileRoom {
  /** Connections of clients and to replicas together. */
  readonly all: number;
  /** Connections of clients. */
  readonly clients: number;
  /** Connections of clients of the API's own port or socket. */
  readonly api: number;
}

/**
 * Returns the limits of open connections.
 *
 * @param limit descriptors that the process may open; 0: unknown, so no limit
 * @param replicas number of replicas
 */
export function fileRoom(limit: number, replicas: number): FileRoom {
  if (limit === 0) return { all: Infinity, clients: Infinity, api: Infinity };
  const reserve = Math.min(RESERVE + RESERVE_PER_REPLICA * replicas, Math.ceil(limit / 2));
  const all = limit - reserve;
  return {
    all,
    clients: Math.floor(all * (1 - CLIENTS_LEAVE)),
    api: Math.max(Math.floor(limit * API_PART), Math.min(API_LEAST, reserve)),
  };
}

/**
 * Creates the counters, once for all threads. The main thread's row follows the workers' rows.
 *
 * @param workers number of workers
 * @param limit descriptors that the process may open; 0: unknown
 */
export function sharedFiles(workers: number, limit: number): SharedFiles {
  const files = new Int32Array(new SharedArrayBuffer(4 * ROW * (workers + 2)));
  files[files.length - 1] = limit;
  return files;
}

/**
 * Resets the connection counts of a worker that has ended.
 *
 * @param files memory shared by all threads
 * @param row the worker's row, from 0
 */
export function strikeOutFiles(files: SharedFiles, row: number): void {
  files.fill(0, row * ROW, (row + 1) * ROW);
}

/** Counts the connections of one thread in and out. */
export class DescriptorBudget {
  readonly #files: SharedFiles;
  readonly #row: number;
  #replicas = 0;
  #room: FileRoom;

  /**
   * @param files memory shared by all threads
   * @param row the thread's row, from 0
   */
  constructor(files: SharedFiles, row: number) {
    this.#files = files;
    this.#row = row;
    this.#room = this.#measure();
  }

  /** Recomputes the limits from the number of replicas and the limit found by any worker. */
  review(replicas = this.#replicas): void {
    this.#replicas = replicas;
    this.#room = this.#measure();
  }

  /** Whether there is room for one more connection of any kind. */
  get hasRoom(): boolean {
    return this.#open < this.#room.all;
  }

  /** Whether one more client would leave too little room for connections to replicas. */
  get clientsFull(): boolean {
    return this.#sum(CLIENTS) >= this.#room.clients;
  }

  /** Counts a client's connection in. */
  enterClient(): void {
    this.#add(CLIENTS, 1);
  }

  /** Counts a client's connection out. */
  leaveClient(): void {
    this.#add(CLIENTS, -1);
  }

  /**
   * Counts a connection to a replica in if there is room for it.
   *
   * @returns whether there is; if so, {@linkcode leaveReplica} has to be called later
   */
  enterReplica(): boolean {
    this.#add(REPLICAS, 1);
    if (this.#open <= this.#room.all) return true;
    this.leaveReplica();
    return false;
  }

  /** Counts a connection to a replica out. */
  leaveReplica(): void {
    this.#add(REPLICAS, -1);
  }

  /** Most clients of the API's own port or socket. */
  get apiRoom(): number {
    this.review();
    return this.#room.api;
  }

  /** Most clients of one address, unless configured. */
  get perClient(): number {
    return Math.ceil(this.#room.clients * CLIENT_PART);
  }

  /** Most rejected clients whose connections may linger. */
  get turnedAwayRoom(): number {
    const part = Math.floor(this.#room.clients * TURNED_AWAY_PART);
    return Math.min(Math.max(part, TURNED_AWAY_LEAST), TURNED_AWAY_MOST);
  }

  /** Counts a client of the API's own port or socket in. */
  enterApi(): void {
    this.#add(API, 1);
  }

  /** Counts a client of the API's own port or socket out. */
  leaveApi(): void {
    this.#add(API, -1);
  }

  /** Publishes the number of requests that wait for room in this worker. */
  wait(count: number): void {
    Atomics.store(this.#files, this.#row * ROW + WAITING, count);
  }

  /** Number of requests that wait in other workers. */
  get waitingElsewhere(): number {
    return this.#sum(WAITING) - Atomics.load(this.#files, this.#row * ROW + WAITING);
  }

  /**
   * No descriptor was free: the current number of connections becomes the limit if the limit was
   * unknown. Descriptors that are not counted are open, too, so the limit errs on the low side.
   */
  spent(): void {
    const open = this.#open + this.#sum(API);
    Atomics.compareExchange(this.#files, this.#files.length - 1, 0, Math.max(open, 1));
    this.review();
  }

  get #open(): number {
    return this.#sum(CLIENTS) + this.#sum(REPLICAS);
  }

  #measure(): FileRoom {
    return fileRoom(Atomics.load(this.#files, this.#files.length - 1), this.#replicas);
  }

  #add(column: number, count: number): void {
    Atomics.add(this.#files, this.#row * ROW + column, count);
  }

  #sum(column: number): number {
    let sum = 0;
    for (let at = column; at < this.#files.length - ROW; at += ROW) {
      sum += Atomics.load(this.#files, at);
    }
    return sum;
  }
}
