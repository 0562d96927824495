import { assert, assertEquals } from "@std/assert";
import { BufferPool } from "../transport/buffers.ts";
import { ResponseHead } from "../http1/response_head.ts";
import { ascii } from "../http1/writer.ts";
import { CANCEL, errorName, NO_ERROR, PROTOCOL_ERROR } from "./error_code.ts";
import * as frame from "./frame.ts";
import { BUDGET_FRAMES } from "./frame_budget.ts";
import { sendHead } from "./response_fields.ts";
import { Session } from "./session.ts";
import type { SessionLimits } from "./session_state.ts";
import { HEADER_TABLE_SIZE, INITIAL_WINDOW_SIZE } from "./settings.ts";
import type { Stream, StreamOwner } from "./stream.ts";
import * as client from "./testing.ts";
import { type Frame, framesIn, GET, join, POST, START } from "./testing.ts";

const LIMITS: SessionLimits = {
  headBytes: 8192,
  fields: 100,
  streams: 100,
  streamWindow: 65_535,
  connectionWindow: 65_535,
};

/** A stream that remembers what it was given, and sends a body. */
class Owner implements StreamOwner {
  bytes = 0;
  ended = false;
  code = -1;
  body = new Uint8Array(0);
  sent = 0;

  constructor(readonly session: Session, readonly stream: Stream) {}

  onBody(_bytes: Uint8Array, start: number, end: number): void {
    this.bytes += end - start;
  }

  onRequestEnd(): void {
    this.ended = true;
  }

  onReset(code: number): void {
    this.code = code;
  }

  onWindow(): void {
    const { queue } = this.session;
    this.sent += queue.send(this.stream, this.body, this.sent, this.body.length, true);
  }

  answer(length: number): void {
    const bytes = ascii("HTTP/1.1 200 OK\r\n\r\n");
    const head = new ResponseHead();
    head.parse(bytes, 0, bytes.length, 10);
    sendHead(this.session, this.stream, bytes, head, length === 0);
    this.body = new Uint8Array(length);
    if (length > 0) this.onWindow();
  }
}

/** A connection whose client is the test. */
class Peer {
  readonly owners = new Map<number, Owner>();
  readonly codes: number[] = [];
  readonly session: Session;

  constructor(limits: Partial<SessionLimits> = {}) {
    this.session = new Session({ ...LIMITS, ...limits }, {
      onRequest: (stream) => {
        const owner = new Owner(this.session, stream);
        this.owners.set(stream.id, owner);
        return owner;
      },
      onFrames() {},
      onStreamError: (code) => this.codes.push(code),
      onIdle() {},
    }, new BufferPool());
    this.send(START);
    this.frames();
  }

  send(...parts: Uint8Array[]): void {
    const bytes = join(...parts);
    assertEquals(this.session.receive(bytes, 0, bytes.length), bytes.length);
  }

  /** The frames that wait, as if they were sent. */
  frames(): Frame[] {
    const { frames, queue } = this.session;
    const length = frames.length;
    const buffer = frames.take();
    this.session.taken();
    queue.run();
    return buffer ? framesIn(buffer.slice(0, length)).frames : [];
  }

  /** All frames until the session has nothing more to send. */
  allFrames(): Frame[] {
    const all: Frame[] = [];
    for (let some = this.frames(); some.length > 0; some = this.frames()) all.push(...some);
    return all;
  }

  get error(): string {
    return errorName(this.session.error?.code ?? NO_ERROR);
  }
}

function dataOf(frames: readonly Frame[], stream: number): number {
  return frames.filter((one) => one.type === frame.DATA && one.stream === stream)
    .reduce((sum, { payload }) => sum + payload.length, 0);
}

Deno.test("A response waits for both windows, and streams take turns", () => {
  const peer = new Peer();
  peer.send(client.settings([INITIAL_WINDOW_SIZE, 90_000]));
  peer.send(client.headers(1, GET), client.headers(3, GET));
  peer.owners.get(1)!.answer(100_000);
  peer.owners.get(3)!.answer(100_000);
  const first = peer.allFrames();
  assertEquals(dataOf(first, 1) + dataOf(first, 3), 65_535);
  peer.send(client.windowUpdate(0, 1_000_000));
  const second = peer.allFrames();
  assertEquals(second.map(({ stream }) => stream).slice(0, 2), [1, 3]);
  assertEquals([dataOf(second, 1) + dataOf(first, 1), dataOf(second, 3)], [90_000, 90_000]);
  peer.send(client.windowUpdate(1, 1_000_000), client.windowUpdate(3, 1_000_000));
  const third = peer.allFrames();
  assertEquals([dataOf(third, 1), dataOf(third, 3)], [10_000, 10_000]);
  assertEquals(peer.session.streams.size, 0);
});

Deno.test("A stream without a window holds up no other", () => {
  const peer = new Peer();
  peer.send(client.settings([INITIAL_WINDOW_SIZE, 0]));
  peer.send(client.headers(1, GET), client.headers(3, GET), client.windowUpdate(3, 10));
  peer.owners.get(1)!.answer(10);
  peer.owners.get(3)!.answer(10);
  assertEquals(dataOf(peer.allFrames(), 3), 10);
  peer.send(client.settings([INITIAL_WINDOW_SIZE, 4]));
  assertEquals(dataOf(peer.allFrames(), 1), 4);
  peer.send(client.settings([INITIAL_WINDOW_SIZE, 0]), client.windowUpdate(1, 5));
  assertEquals(dataOf(peer.allFrames(), 1), 1);
  peer.send(client.windowUpdate(1, 5));
  assertEquals(dataOf(peer.allFrames(), 1), 5);
});

Deno.test("The client may send on as its bytes are consumed", () => {
  const peer = new Peer();
  peer.send(client.headers(1, POST, frame.END_HEADERS));
  const piece = new Uint8Array(16_000);
  for (let i = 0; i < 4; i++) peer.send(client.data(1, piece));
  assertEquals(peer.frames().length, 0);
  peer.session.consume(peer.owners.get(1)!.stream, 64_000);
  const updates = peer.frames().map(({ stream }) => stream);
  assertEquals(updates.toSorted(), [0, 1]);
  for (let i = 0; i < 4; i++) peer.send(client.data(1, piece));
  peer.send(client.data(1, piece));
  assertEquals(peer.error, "FLOW_CONTROL_ERROR");
});

Deno.test("The bytes of a stream that ends are given back to the connection", () => {
  const peer = new Peer();
  const piece = new Uint8Array(16_000);
  for (let id = 1; id < 400; id += 2) {
    peer.send(client.headers(id, POST, frame.END_HEADERS), client.data(id, piece));
    peer.owners.get(id)!.answer(0);
    peer.session.reset(peer.owners.get(id)!.stream, NO_ERROR);
    peer.send(client.data(id, "late", frame.END_STREAM));
  }
  assertEquals(peer.error, "NO_ERROR");
});

Deno.test("Content-Length has to be the sum of DATA", () => {
  const peer = new Peer();
  const post = (id: number, length: string, ...parts: Uint8Array[]) => {
    const fields = [...POST, ["content-length", length]] as const;
    peer.send(client.headers(id, fields, frame.END_HEADERS), ...parts);
    return peer.owners.get(id)!;
  };
  assert(post(1, "3", client.data(1, "abc", frame.END_STREAM)).ended);
  assertEquals(post(3, "3", client.data(3, "abcd")).code, PROTOCOL_ERROR);
  assertEquals(post(5, "3", client.data(5, "ab", frame.END_STREAM)).code, PROTOCOL_ERROR);
  const trailers = client.headers(7, [["x", "y"]]);
  assertEquals(post(7, "3", client.data(7, "ab"), trailers).code, PROTOCOL_ERROR);
  assertEquals(peer.error, "NO_ERROR");
});

Deno.test("The end is announced first; streams that come until it is seen are served", () => {
  const peer = new Peer();
  peer.send(client.headers(1, GET));
  peer.session.announceEnd();
  const [goAway, ping] = peer.frames();
  assertEquals(frame.read31(goAway!.payload, 0), frame.MAX_WINDOW);
  peer.send(client.headers(3, GET));
  peer.send(client.frameOf(frame.PING, frame.ACK, 0, ping!.payload));
  assertEquals(frame.read31(peer.frames()[0]!.payload, 0), 3);
  peer.send(client.headers(5, GET));
  assertEquals([...peer.owners.keys()], [1, 3]);
  assertEquals(peer.error, "NO_ERROR");
});

Deno.test("The smallest of several table sizes in one frame is announced, then the last", () => {
  const peer = new Peer();
  peer.send(client.settings([HEADER_TABLE_SIZE, 0], [HEADER_TABLE_SIZE, 4096]));
  peer.send(client.headers(1, GET));
  peer.frames();
  peer.owners.get(1)!.answer(0);
  const [head] = peer.frames();
  assertEquals([...head!.payload.subarray(0, 4)], [0x20, 0x3f, 0xe1, 0x1f]);
});

Deno.test("A stream that was skipped cannot be opened later; one that was used is closed", () => {
  const outcome = (...frames: Uint8Array[]) => {
    const peer = new Peer();
    peer.send(...frames);
    return peer.error;
  };
  const used = join(client.headers(5, GET), client.resetOf(5, CANCEL), client.headers(9, GET));
  assertEquals(outcome(used, client.headers(3, GET)), "PROTOCOL_ERROR");
  assertEquals(outcome(used, client.headers(7, GET)), "PROTOCOL_ERROR");
  assertEquals(outcome(used, client.headers(5, GET)), "STREAM_CLOSED");
  assertEquals(outcome(used, client.data(7, "a")), "STREAM_CLOSED");
  assertEquals(outcome(used, client.windowUpdate(7, 1)), "NO_ERROR");
});

/** Floods, each with one frame more than any client has a reason for. */
const FLOODS: Record<string, (i: number) => Uint8Array> = {
  "SETTINGS": () => client.settings(),
  "PING": () => client.frameOf(frame.PING, 0, 0, new Uint8Array(8)),
  "PRIORITY": () => client.frameOf(frame.PRIORITY, 0, 1, [0, 0, 0, 3, 1]),
  "WINDOW_UPDATE": () => client.windowUpdate(0, 1),
  "unknown frames": () => client.frameOf(77, 0, 0),
  "empty DATA": (i) => i === 0 ? client.headers(1, POST, frame.END_HEADERS) : client.data(1, ""),
  "padding only": (i) =>
    i === 0
      ? client.headers(1, POST, frame.END_HEADERS)
      : client.frameOf(frame.DATA, frame.PADDED, 1, [3, 0, 0, 0]),
  "rapid reset": (i) => join(client.headers(2 * i + 1, GET), client.resetOf(2 * i + 1, CANCEL)),
  "resets by errors": (i) =>
    join(client.headers(2 * i + 1, GET), client.windowUpdate(2 * i + 1, 0)),
  "malformed requests": (i) => client.headers(2 * i + 1, []),
  "refused streams": (i) => client.headers(2 * i + 1, GET),
  "empty CONTINUATION": (i) =>
    i === 0 ? client.headers(1, GET, 0) : client.frameOf(frame.CONTINUATION, 0, 1),
  "full CONTINUATION": (i) =>
    i === 0
      ? client.headers(1, GET, 0)
      : client.frameOf(frame.CONTINUATION, 0, 1, new Uint8Array(16_384)),
};

for (const [name, flood] of Object.entries(FLOODS)) {
  Deno.test(`A flood ends the connection, with little memory: ${name}`, () => {
    const peer = new Peer();
    let sent = 0;
    while (!peer.session.error && sent < 2 * BUDGET_FRAMES) peer.send(flood(sent++));
    assertEquals(peer.error, "ENHANCE_YOUR_CALM");
    assert(sent <= BUDGET_FRAMES + 2, `${sent} frames`);
    assert(peer.session.frames.length < 64 * 1024, `${peer.session.frames.length} bytes`);
    assertEquals(peer.session.streams.size, 0);
  });
}

Deno.test("The HPACK bomb ends the connection: one byte a field of 4000 bytes", () => {
  const peer = new Peer();
  const entry = Uint8Array.fromHex(`400278787fa11e${"61".repeat(4000)}`);
  const block = join(client.blockOf(GET), entry, new Uint8Array(8000).fill(0xbe));
  peer.send(client.frameOf(frame.HEADERS, client.END, 1, block));
  assertEquals(peer.error, "COMPRESSION_ERROR");
});

Deno.test("Served requests and time pay the budget back", () => {
  const peer = new Peer();
  for (let i = 0; i < 5000; i++) {
    const id = 2 * i + 1;
    peer.send(client.headers(id, GET), client.windowUpdate(0, 1));
    peer.owners.get(id)!.answer(1);
    peer.frames();
  }
  for (let i = 0; i < 5000; i++) {
    peer.session.budget.earn(1);
    peer.send(client.frameOf(frame.PING, 0, 0, new Uint8Array(8)));
    peer.frames();
  }
  assertEquals(peer.error, "NO_ERROR");
});

Deno.test("A client that opens its window byte by byte pays for it", () => {
  const peer = new Peer();
  peer.send(client.settings([INITIAL_WINDOW_SIZE, 0]), client.headers(1, GET));
  peer.owners.get(1)!.answer(100_000);
  let sent = 0;
  for (; !peer.session.error && sent < 2000; sent++) {
    peer.send(client.windowUpdate(1, 1));
    peer.frames();
  }
  assertEquals(peer.error, "ENHANCE_YOUR_CALM");
});
