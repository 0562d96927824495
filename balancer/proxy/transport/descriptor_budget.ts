/**
 * How many of the files that this process may open its connections may take, counted across all
 * workers: by each in a row of its own, so that those of one that crashed can be struck out.
 *
 * @module
 */

/** Memory that all threads count in: a row for each worker, the main thread's, the limit's. */
export type SharedFiles = Int32Array<SharedArrayBuffer>;

/** Columns of a row. */
const CLIENTS = 0;
const REPLICAS = 1;
const WAITING = 2;
const API = 3;
/** A cache line. */
const ROW = 16;

/**
 * What the main thread keeps for itself: heartbeats, the engine, the control API, the listeners;
 * and for each replica the three pipes of its process, its heartbeat, and its replacement's.
 */
const RESERVE = 256;
const RESERVE_PER_REPLICA = 8;

/** Part of the room that clients leave to connections to replicas. */
const CLIENTS_LEAVE = 0.1;

/** Part of all files that clients of the API's own port may take. They are out of the reserve. */
const API_PART = 1 / 16;
const API_LEAST = 8;

/** Part of the room of all clients that those of one address may take, unless a setting says. */
const CLIENT_PART = 0.5;

/** Part of the room of all clients that those may take in one worker which were turned away. */
const TURNED_AWAY_PART = 1 / 32;
const TURNED_AWAY_LEAST = 4;
const TURNED_AWAY_MOST = 256;

/** How many connections there may be. */
export interface FileRoom {
  /** Of clients and to replicas together. */
  readonly all: number;
  /** Of clients. */
  readonly clients: number;
  /** Of clients of the API's own port or socket. */
  readonly api: number;
}

/**
 * The room for connections.
 *
 * @param limit files that the process may open; 0: not known, so there is no bound
 * @param replicas how many replicas there are
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
 * Makes the counters, once for all threads. The main thread counts in the row behind the workers'.
 *
 * @param workers how many there are
 * @param limit files that the process may open; 0: not known
 */
export function sharedFiles(workers: number, limit: number): SharedFiles {
  const files = new Int32Array(new SharedArrayBuffer(4 * ROW * (workers + 2)));
  files[files.length - 1] = limit;
  return files;
}

/**
 * Counts the connections out that a worker had which does not run any more.
 *
 * @param files where it counted
 * @param row its row, from 0
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
   * @param files where all threads count
   * @param row the thread's row, from 0
   */
  constructor(files: SharedFiles, row: number) {
    this.#files = files;
    this.#row = row;
    this.#room = this.#measure();
  }

  /** Takes note of how many replicas there are, and of what other workers learned of the limit. */
  review(replicas = this.#replicas): void {
    this.#replicas = replicas;
    this.#room = this.#measure();
  }

  /** Whether there is room for one more connection, whatever it is. */
  get hasRoom(): boolean {
    return this.#open < this.#room.all;
  }

  /** Whether one more client would leave too little to connections to replicas. */
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
   * Counts a connection to a replica in where there is room for it.
   *
   * @returns whether there is, and it has to be counted out by {@linkcode leaveReplica}
   */
  enterReplica(): boolean {
    this.#add(REPLICAS, 1);
    if (this.#open <= this.#room.all) return true;
    this.leaveReplica();
    return false;
  }

  /** Counts it out. */
  leaveReplica(): void {
    this.#add(REPLICAS, -1);
  }

  /** How many clients the API's own port or socket may have. */
  get apiRoom(): number {
    this.review();
    return this.#room.api;
  }

  /** How many clients of one address may be connected, where no setting says so. */
  get perClient(): number {
    return Math.ceil(this.#room.clients * CLIENT_PART);
  }

  /** How many clients that were turned away may keep their connections for a moment. */
  get turnedAwayRoom(): number {
    const part = Math.floor(this.#room.clients * TURNED_AWAY_PART);
    return Math.min(Math.max(part, TURNED_AWAY_LEAST), TURNED_AWAY_MOST);
  }

  /** Counts a client of the API's own port or socket in. */
  enterApi(): void {
    this.#add(API, 1);
  }

  /** Counts it out. */
  leaveApi(): void {
    this.#add(API, -1);
  }

  /** Says how many requests wait for room in this worker. */
  wait(count: number): void {
    Atomics.store(this.#files, this.#row * ROW + WAITING, count);
  }

  /** How many wait in other workers. */
  get waitingElsewhere(): number {
    return this.#sum(WAITING) - Atomics.load(this.#files, this.#row * ROW + WAITING);
  }

  /**
   * No file could be opened: what is open now is the limit, where that was not known. What it does
   * not count is open besides, so it is rather less than more.
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
