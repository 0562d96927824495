/**
 * Frames of a client that knows the protocol and breaks it: every rule of the session has to hold.
 *
 * @module
 */
import { Random } from "../../http1/fuzz/fuzz_random.ts";
import { ResponseHead } from "../../http1/response_head.ts";
import { ascii } from "../../http1/writer.ts";
import { BufferPool } from "../../transport/buffers.ts";
import * as frame from "../frame.ts";
import { sendHead } from "../response_fields.ts";
import { Session } from "../session.ts";
import type { SessionLimits } from "../session_state.ts";
import type { Stream, StreamOwner } from "../stream.ts";
import * as client from "../testing.ts";

const LIMITS: SessionLimits = {
  headBytes: 2000,
  fields: 20,
  streams: 10,
  streamWindow: 65_535,
  connectionWindow: 100_000,
};

const BUFFERS = new BufferPool();
const RESPONSE = ascii("HTTP/1.1 200 OK\r\nServer: a\r\nX-B: c\r\n\r\n");
const BODY = new Uint8Array(20_000);
const GET = client.blockOf(client.GET);
const POST = client.blockOf(client.POST);
const TRAILER = client.blockOf([["x-trailer", "1"]]);
const HEAD = new ResponseHead();

/** The outcome of a run. */
interface FuzzResult {
  frames: number;
  sessions: number;
  requests: number;
  /** Sessions that ended with an error, by its code. */
  readonly errors: Map<number, number>;
}

class Owner implements StreamOwner {
  #at = -1;

  constructor(readonly session: Session, readonly stream: Stream, readonly result: FuzzResult) {}

  onBody(_bytes: Uint8Array, start: number, end: number): void {
    if (this.stream.id % 4 === 1) this.session.consume(this.stream, end - start);
  }

  onRequestEnd(): void {
    this.result.requests++;
    const last = this.stream.id % 8 === 3;
    sendHead(this.session, this.stream, RESPONSE, HEAD, last);
    if (last) return;
    this.#at = 0;
    this.onWindow();
  }

  onReset(): void {}

  onWindow(): void {
    const end = this.stream.id % 8 === 5 ? BODY.length : 10;
    this.#at += this.session.queue.send(this.stream, BODY, this.#at, end, true);
  }
}

/** A connection, and what the client remembers of it. */
class Run {
  readonly session: Session;
  readonly #random: Random;
  readonly #result: FuzzResult;
  #next = 1;

  constructor(random: Random, result: FuzzResult) {
    this.#random = random;
    this.#result = result;
    this.session = new Session(LIMITS, {
      onRequest: (stream) => new Owner(this.session, stream, result),
      onFrames() {},
      onStreamError() {},
      onIdle() {},
    }, BUFFERS);
    this.session.open();
    this.#receive(client.START);
  }

  /** Sends one frame, whole or in two pieces, and checks the session. */
  step(): void {
    this.#receive(this.#damaged(this.#frame()));
    if (this.#random.once(4)) this.#flush();
    this.#check();
  }

  #receive(bytes: Uint8Array<ArrayBuffer>): void {
    const half = this.#random.below(bytes.length + 1);
    const taken = this.session.receive(bytes, 0, half);
    check(taken <= half, "more bytes were taken than there are");
    this.session.receive(bytes, taken, bytes.length);
  }

  #flush(): void {
    const { frames, queue } = this.session;
    const length = frames.length;
    const buffer = frames.take();
    this.session.taken();
    if (buffer) {
      check(areWhole(buffer, length), "half a frame was sent");
      frames.recycle(buffer);
    }
    queue.run();
  }

  #frame(): Uint8Array<ArrayBuffer> {
    const random = this.#random;
    const id = this.#id();
    if (random.once(60)) {
      return client.frameOf(random.below(12), random.below(64), id, noise(random));
    }
    const idle = this.session.streams.size === 0 && !random.once(30);
    switch (idle ? 3 : random.below(11)) {
      case 0:
      case 1:
      case 2:
        return client.frameOf(frame.HEADERS, client.END, this.#opened(), GET);
      case 3:
        return client.frameOf(frame.HEADERS, frame.END_HEADERS, this.#opened(), POST);
      case 4:
      case 5:
        return client.data(id, BODY.subarray(0, random.below(500)), random.below(2));
      case 6:
        return client.windowUpdate(random.below(2) * id, 1 + random.below(1000));
      case 7:
        return client.resetOf(id, random.below(14));
      case 8:
        return client.settings([
          1 + random.below(random.once(9) ? 6 : 1) + 3 * random.below(2),
          16_384 + random.below(50_000),
        ]);
      case 9:
        return client.frameOf(frame.PING, random.below(2), 0, new Uint8Array(8));
      default:
        return client.frameOf(frame.HEADERS, client.END, id, TRAILER);
    }
  }

  #opened(): number {
    const id = this.#next;
    this.#next += 2;
    return id;
  }

  /** Nearly always a stream that is open. */
  #id(): number {
    const skipped = this.#random.below(LIMITS.streams);
    if (this.#random.once(50)) return Math.max(1, this.#next - 2 * skipped);
    let id = 1;
    let left = skipped;
    for (const open of this.session.streams.keys()) {
      id = open;
      if (left-- === 0) break;
    }
    return id;
  }

  #damaged(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
    if (!this.#random.once(60)) return bytes;
    bytes[this.#random.below(bytes.length)] = this.#random.below(256);
    return bytes;
  }

  #check(): void {
    const { session } = this;
    check(session.streams.size <= LIMITS.streams, "too many streams");
    check(session.frames.length < 256 * 1024, "too many frames wait");
    check(session.sendWindow >= 0, "the connection's window was exceeded");
    let buffered = 0;
    for (const stream of session.streams.values()) {
      buffered += stream.buffered;
      check(!stream.localClosed || !stream.remoteClosed, "a closed stream is kept");
      check(stream.receiveWindow >= 0 && stream.buffered >= 0, "a window was exceeded");
    }
    check(buffered <= LIMITS.connectionWindow, "too many bytes are buffered");
    if (session.error) check(session.streams.size === 0, "streams outlive their connection");
  }

  /** Counts the session's end. */
  end(): void {
    const code = this.session.error?.code ?? 0;
    this.#result.errors.set(code, (this.#result.errors.get(code) ?? 0) + 1);
    this.#flush();
  }
}

function areWhole(bytes: Uint8Array, length: number): boolean {
  let at = 0;
  while (at < length) at += frame.FRAME_HEADER_BYTES + frame.read24(bytes, at);
  return at === length;
}

function noise(random: Random): number[] {
  return Array.from({ length: random.below(20) }, () => random.below(256));
}

function check(holds: boolean, message: string): void {
  if (!holds) throw new Error(message);
}

/**
 * Feeds sessions with frames.
 *
 * @param frames number of frames
 * @param seed the same seed gives the same frames
 * @throws {Error} a rule does not hold
 */
export function fuzz(frames: number, seed: number): FuzzResult {
  HEAD.parse(RESPONSE, 0, RESPONSE.length, 10);
  const random = new Random(seed);
  const result: FuzzResult = { frames: 0, sessions: 0, requests: 0, errors: new Map() };
  while (result.frames < frames) {
    const run = new Run(random, result);
    result.sessions++;
    const most = 20 + random.below(400);
    for (let i = 0; i < most && !run.session.error && result.frames < frames; i++) {
      run.step();
      result.frames++;
    }
    run.end();
  }
  return result;
}
