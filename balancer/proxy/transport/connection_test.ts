import { assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { BufferPool, FIRST_BYTES, LARGE_BYTES, RESTING_BYTES } from "./buffers.ts";
import { Connection } from "./connection.ts";
import type { ConnectionListener } from "./connection_events.ts";
import { Disconnected, ReaderConflict } from "./connection_reader.ts";
import { systemTest as test } from "../../../tools/test/needs.ts";

/** A connection and its peer. */
async function pair() {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { hostname, port } = listener.addr;
  const [tcp, peer] = await Promise.all([Deno.connect({ hostname, port }), listener.accept()]);
  const buffers = new BufferPool();
  const transport = new Connection(tcp, buffers, "client");
  const reader = transport.reader();
  const dispose = () => {
    transport.close();
    try {
      peer.close();
    } catch (error) {
      // A test may close it early.
      if (!(error instanceof Deno.errors.BadResource)) throw error;
    }
  };
  return { transport, reader, peer, buffers, [Symbol.dispose]: dispose };
}

function unread({ bytes, start, end }: Connection): string {
  return new TextDecoder().decode(bytes.subarray(start, end));
}

async function say(peer: Deno.TcpConn, text: string): Promise<void> {
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length;) at += await peer.write(bytes.subarray(at));
}

test("bytes are read behind those that are unread", async () => {
  using one = await pair();
  const { transport, reader, peer } = one;
  await say(peer, "abc");
  assertEquals(await reader.read(), true);
  transport.start += 1;
  await say(peer, "def");
  await reader.read();
  assertEquals([unread(transport), transport.unread], ["bcdef", 5]);
});

test("the reader waits for a read that was started early", async () => {
  using one = await pair();
  const { transport, reader, peer } = one;
  transport.startRead();
  const reading = reader.read();
  await say(peer, "abc");
  assertEquals(await reading, true);
  assertEquals(unread(transport), "abc");
});

test("a connection has one reader at a time", async () => {
  using one = await pair();
  const { transport, reader, peer } = one;
  assertThrows(() => transport.reader(), ReaderConflict);
  reader[Symbol.dispose]();
  assertEquals(transport.hasReader, false);
  const next = transport.reader();
  await assertRejects(() => reader.read(), ReaderConflict);
  // The former reader has no effect on the current one.
  reader.interrupt(new Error("not for it"));
  reader[Symbol.dispose]();
  const reading = next.read();
  await assertRejects(() => next.read(), ReaderConflict);
  await say(peer, "abc");
  assertEquals([await reading, unread(transport)], [true, "abc"]);
});

test("an interrupted reader leaves all bytes to the next one", async () => {
  using one = await pair();
  const { transport, reader, peer } = one;
  const interrupted = assertRejects(() => reader.read(), RangeError);
  reader.interrupt(new RangeError("not needed"));
  await interrupted;
  const givenBack = assertRejects(() => reader.read(), ReaderConflict);
  reader[Symbol.dispose]();
  await givenBack;
  using next = transport.reader();
  await say(peer, "abc");
  assertEquals([await next.read(), unread(transport)], [true, "abc"]);
});

test("the end of the peer's side is no error, even if read again", async () => {
  using one = await pair();
  const { transport, reader, peer } = one;
  await peer.closeWrite();
  assertEquals(await reader.read(), false);
  assertEquals(await reader.read(), false);
  assertEquals(transport.unread, 0);
});

test("a connection gets a large buffer for long data, and returns it when idle", async () => {
  using one = await pair();
  const { transport, reader, peer, buffers } = one;
  assertEquals(transport.bytes.length, FIRST_BYTES);
  const text = "0123456789".repeat(1000);
  await say(peer, text);
  while (transport.unread < text.length) await reader.read();
  assertEquals(unread(transport) === text, true);
  const large = transport.bytes;
  assertEquals(large.length, LARGE_BYTES);
  transport.shrinkBuffer();
  assertStrictEquals(transport.bytes, large);
  transport.start = transport.end - 5;
  transport.shrinkBuffer();
  assertEquals([transport.bytes.length, unread(transport)], [RESTING_BYTES, "56789"]);
  assertStrictEquals(buffers.take(LARGE_BYTES), large);
});

test("a client's long head has a buffer of the second size, and the client keeps it", async () => {
  using one = await pair();
  const { transport, reader, peer } = one;
  const text = "0123456789".repeat(70);
  await say(peer, text);
  while (transport.unread < text.length) await reader.read();
  assertEquals([unread(transport), transport.bytes.length], [text, RESTING_BYTES]);
  transport.start = transport.end;
  transport.shrinkBuffer();
  assertEquals(transport.bytes.length, RESTING_BYTES);
});

test("a busy connection moves to a shared slab, and loses no byte", async () => {
  using one = await pair();
  const { transport, reader, peer } = one;
  for (let message = 0; message < 40; message++) {
    await say(peer, `message ${message}`);
    await reader.read();
    assertEquals(unread(transport), `message ${message}`);
    transport.start = transport.end;
  }
  assertEquals(transport.bytes.length, RESTING_BYTES);
  assertEquals(transport.bytes.buffer.byteLength > transport.bytes.length, true);
  transport.makeRoom();
  transport.shrinkBuffer();
  assertEquals(transport.bytes.buffer.byteLength > transport.bytes.length, true);
});

test("no buffer is given away while it is read into", async () => {
  using one = await pair();
  const { transport, reader, peer } = one;
  transport.makeRoom();
  const large = transport.bytes;
  const reading = reader.read();
  transport.shrinkBuffer();
  transport.makeRoom();
  assertStrictEquals(transport.bytes, large);
  await say(peer, "abc");
  await reading;
  assertEquals(unread(transport), "abc");
});

test("unread bytes are kept when the buffer grows", async () => {
  using one = await pair();
  const { transport, reader, peer } = one;
  await say(peer, "abc");
  await reader.read();
  transport.start += 1;
  transport.makeRoom();
  assertEquals([unread(transport), transport.start], ["bc", 0]);
  await say(peer, "d");
  await reader.read();
  transport.start += 1;
  transport.makeRoom();
  assertEquals([unread(transport), transport.start], ["cd", 0]);
});

test("all of the bytes are written, even to a slow reader", async () => {
  using one = await pair();
  const { transport, peer } = one;
  const size = 16 * 1024 * 1024;
  const writing = transport.write(new Uint8Array(size).fill(7));
  const buffer = new Uint8Array(64 * 1024);
  let [count, sum] = [0, 0];
  while (count < size) {
    const n = await peer.read(buffer) ?? 0;
    count += n;
    sum += buffer.subarray(0, n).reduce((a, b) => a + b, 0);
  }
  await writing;
  assertEquals([count, sum], [size, 7 * size]);
});

test("closing ends a read and a write under way, and may be repeated", async () => {
  using one = await pair();
  const { transport, reader } = one;
  const reading = assertRejects(() => reader.read(), Disconnected);
  const writing = assertRejects(
    () => transport.write(new Uint8Array(64 * 1024 * 1024)),
    Disconnected,
  );
  assertEquals(transport.closed, false);
  transport.close();
  transport.close();
  await Promise.all([reading, writing]);
  assertEquals(transport.closed, true);
  await assertRejects(() => reader.read(), Disconnected);
  await assertRejects(() => transport.write(new Uint8Array(1)), Disconnected);
});

test("a probe distinguishes a half-closed peer from one that is gone", async () => {
  using one = await pair();
  const { transport, reader, peer } = one;
  await peer.closeWrite();
  assertEquals([await reader.read(), await transport.probe()], [false, true]);
  peer.close();
  // The kernel learns of the reset only from an answered write.
  while (await transport.probe()) await transport.write(new Uint8Array(1));
  assertEquals(await transport.probe(), false);
});

test("one side can be ended while the other continues", async () => {
  using one = await pair();
  const { transport, reader, peer } = one;
  await transport.closeWrite();
  assertEquals(await peer.read(new Uint8Array(1)), null);
  await say(peer, "abc");
  await reader.read();
  assertEquals(unread(transport), "abc");
});

/** Records its events. */
class Notes implements ConnectionListener {
  readonly told: string[] = [];
  #more = Promise.withResolvers<void>();

  onData(more: boolean): void {
    this.#note(more ? "filled" : "ended");
  }

  onBreak(): void {
    this.#note("broken");
  }

  onWritten(): void {
    this.#note("sent");
  }

  onWriteError(error: Disconnected): void {
    this.#note(`unsent: ${error.name}`);
  }

  /** Waits for the next event. */
  async next(): Promise<string> {
    while (this.told.length === 0) await this.#more.promise;
    return this.told.shift()!;
  }

  #note(what: string): void {
    this.told.push(what);
    this.#more.resolve();
    this.#more = Promise.withResolvers();
  }
}

test("the listener receives a read before the waiting reader", async () => {
  using one = await pair();
  const { transport, reader, peer } = one;
  const notes = transport.watcher = new Notes();
  transport.startRead();
  const waiting = reader.read().then(() => [...notes.told]);
  await say(peer, "abc");
  assertEquals(await waiting, ["filled"]);
  assertEquals([await notes.next(), unread(transport)], ["filled", "abc"]);
  transport.startRead();
  await peer.closeWrite();
  assertEquals(await notes.next(), "ended");
});

test("a read without a waiting reader may fail; a later read rejects with the cause", async () => {
  using one = await pair();
  const { transport, reader } = one;
  const notes = transport.watcher = new Notes();
  transport.startRead();
  transport.close();
  assertEquals(await notes.next(), "broken");
  transport.startRead();
  await assertRejects(() => reader.read(), Disconnected);
  assertEquals(notes.told, []);
});

test("the listener is notified once all is sent, even after partial writes", async () => {
  using one = await pair();
  const { transport, peer } = one;
  const notes = transport.watcher = new Notes();
  const length = 8 * 1024 * 1024;
  transport.send(new Uint8Array(length + 5), length);
  const piece = new Uint8Array(65536);
  let received = 0;
  while (received < length) received += await peer.read(piece) ?? NaN;
  assertEquals([await notes.next(), received], ["sent", length]);
});

test("the listener is notified of a failed send", async () => {
  using one = await pair();
  const { transport } = one;
  const notes = transport.watcher = new Notes();
  transport.close();
  transport.send(new Uint8Array(8), 8);
  assertEquals(await notes.next(), "unsent: Disconnected");
});

test("of many connections that always have bytes to read, none is read less often", async () => {
  const [count, rounds] = [300, 20];
  const { promise, resolve } = Promise.withResolvers<void>();
  const reads = new Uint32Array(count);
  let left = count * rounds;
  using pairs = new DisposableStack();
  const wires = await Promise.all(Array.from({ length: count }, async (_, at) => {
    const { transport, peer } = pairs.use(await pair());
    const more = () => void peer.write(new Uint8Array(1)).catch(() => {});
    transport.watcher = {
      onData() {
        reads[at]! += 1;
        if (--left === 0) return resolve();
        if (left < 0) return;
        transport.start = transport.end;
        more();
        transport.startRead();
      },
      onBreak: () => {},
      onWritten: () => {},
      onWriteError: () => {},
    };
    return { transport, more };
  }));
  for (const { transport, more } of wires) {
    more();
    transport.startRead();
  }
  await promise;
  assertEquals(Math.min(...reads) >= rounds / 2, true, `${reads}`);
});
