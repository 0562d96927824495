/**
 * Requests at moments that do not depend on the responses (an open loop): a Poisson process, the
 * same moments for the same seed. A request takes the connection that has been free for the longest;
 * where none is free it waits. Its time counts from the moment at which it was due, so that a proxy
 * that stalls is charged for the requests that it held back.
 *
 * Arguments: the port, requests a second, seconds, connections, the seed, the body that ends each
 * response. Prints one line of JSON, an `OpenLoopReport`.
 *
 * @module
 */
import { print } from "../../../tools/print.ts";
import { chance } from "../../harness/random.ts";
import type { OpenLoopReport } from "../open_loop.ts";
import { arrivals, reportOf } from "../open_loop_report.ts";
import { close, connect, Epoll, read, send } from "./sockets.ts";

const [port = 0, rate = 0, seconds = 0, count = 0, seed = 0] = Deno.args.map(Number);
const BODY = new TextEncoder().encode(`\r\n\r\n${Deno.args[5] ?? ""}`);
const OK = new TextEncoder().encode("HTTP/1.1 200");

/** Different paths, so that each upstream gets its share. */
const PATHS = 512;
const HEAD_BYTES = 2048;
/** Milliseconds after the last moment in which responses still count. */
const DRAIN_MS = 2000;

const REQUESTS = Array.from(
  { length: PATHS },
  (_, at) =>
    new TextEncoder().encode(`GET /small/${at + 1} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`),
);

/** The clients. */
class Clients {
  readonly #epoll = new Epoll();
  readonly #due = arrivals(rate, seconds, chance(seed));
  /** Milliseconds from the due moment to the response, by request; NaN without one. */
  readonly #times = new Float64Array(this.#due.length).fill(NaN);
  /** Milliseconds that a request waited for this program itself. */
  readonly #lags = new Float64Array(this.#due.length);
  readonly #fds = Array.from({ length: count }, () => connect(port));
  readonly #buffers = this.#fds.map(() => new Uint8Array(HEAD_BYTES));
  readonly #filled = new Int32Array(count);
  /** The request that a connection is busy with. */
  readonly #requests = new Int32Array(count).fill(-1);
  readonly #freeSince = new Float64Array(count);
  /** Free connections: first in, first out. */
  readonly #free = Array.from({ length: count }, (_, at) => at);
  #failed = 0;
  #answered = 0;
  #next = 0;
  #start = 0;

  /** Sends all requests and waits for their responses. */
  run(): OpenLoopReport {
    this.#fds.forEach((fd, number) => this.#epoll.add(fd, number));
    this.#start = performance.now();
    const end = seconds * 1000 + DRAIN_MS;
    for (let now = 0; now < end && this.#left > 0; now = this.#now()) {
      this.#sendDue(now);
      const events = this.#epoll.wait(this.#pause(this.#now(), end));
      for (let at = 0; at < events; at++) this.#receive(this.#epoll.numberAt(at));
    }
    this.#fds.forEach(close);
    return reportOf({ due: this.#due, times: this.#times, lags: this.#lags, failed: this.#failed });
  }

  get #left(): number {
    return this.#due.length - this.#answered - this.#failed;
  }

  #now(): number {
    return performance.now() - this.#start;
  }

  #pause(now: number, end: number): number {
    const due = this.#free.length > 0 ? this.#due[this.#next] ?? end : end;
    return due - now;
  }

  #sendDue(now: number): void {
    while (this.#next < this.#due.length && (this.#due[this.#next] ?? Infinity) <= now) {
      const number = this.#free.shift();
      if (number === undefined) return;
      this.#send(number, this.#next++);
    }
  }

  #send(number: number, request: number): void {
    const at = this.#now();
    const ready = Math.max(this.#due[request] ?? 0, this.#freeSince[number] ?? 0);
    this.#lags[request] = at - ready;
    this.#requests[number] = request;
    const bytes = REQUESTS[request % PATHS];
    if (!bytes || !send(this.#fds[number] ?? -1, bytes)) this.#fail(number);
  }

  #receive(number: number): void {
    const [buffer, from = 0] = [this.#buffers[number], this.#filled[number]];
    if (!buffer) return;
    const bytes = read(this.#fds[number] ?? -1, from === 0 ? buffer : buffer.subarray(from));
    if (bytes <= 0) return this.#fail(number);
    const filled = from + bytes;
    if (!endsWith(buffer, filled, BODY)) {
      this.#filled[number] = filled;
      return;
    }
    this.#filled[number] = 0;
    const request = this.#requests[number] ?? -1;
    if (startsWith(buffer, OK)) {
      this.#times[request] = this.#now() - (this.#due[request] ?? 0);
      this.#answered++;
    } else this.#failed++;
    this.#release(number);
  }

  /** Replaces a connection that has ended. */
  #fail(number: number): void {
    if ((this.#requests[number] ?? -1) >= 0) this.#failed++;
    close(this.#fds[number] ?? -1);
    const fd = this.#fds[number] = connect(port);
    this.#epoll.add(fd, number);
    this.#filled[number] = 0;
    this.#release(number);
  }

  #release(number: number): void {
    if ((this.#requests[number] ?? -1) < 0) return;
    this.#requests[number] = -1;
    this.#freeSince[number] = this.#now();
    this.#free.push(number);
  }
}

function endsWith(bytes: Uint8Array, length: number, end: Uint8Array): boolean {
  const from = length - end.length;
  return from >= 0 && end.every((byte, at) => bytes[from + at] === byte);
}

function startsWith(bytes: Uint8Array, start: Uint8Array): boolean {
  return start.every((byte, at) => bytes[at] === byte);
}

print(JSON.stringify(new Clients().run()));
