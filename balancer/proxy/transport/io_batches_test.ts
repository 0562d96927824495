import { assertEquals } from "@std/assert";
import { IoBatches, type Side, type Staged } from "./io_batches.ts";
import { systemTest as test } from "../../../tools/test/needs.ts";

/** Connections that record their calls, and answer all received bytes. */
function connections(turn: IoBatches) {
  const log: string[] = [];
  const connection = (name: string): Staged => ({
    deliver() {
      log.push(`${name} delivers`);
      turn.send(this);
      turn.read(this);
    },
    beginSend: () => void log.push(`${name} sends`),
    beginRead: () => void log.push(`${name} reads`),
  });
  return { log, connection };
}

Deno.test("a turn is grouped by kind, and responses come first", async () => {
  const turn = new IoBatches();
  const { log, connection } = connections(turn);
  const filled: readonly [string, Side][] = [["a", "client"], ["b", "replica"], ["c", "client"]];
  for (const [name, side] of filled) turn.filled(connection(name), side);
  assertEquals(log, []);
  await Promise.resolve();
  assertEquals(log, [
    ...["b", "a", "c"].map((name) => `${name} delivers`),
    ...["b", "a", "c"].map((name) => `${name} sends`),
    ...["b", "a", "c"].map((name) => `${name} reads`),
  ]);
});

Deno.test("one turn follows another, with any first operation", async () => {
  const turn = new IoBatches();
  const { log, connection } = connections(turn);
  turn.read(connection("a"));
  await Promise.resolve();
  turn.send(connection("b"));
  turn.send(connection("c"));
  await Promise.resolve();
  await Promise.resolve();
  assertEquals(log, ["a reads", "b sends", "c sends"]);
});

/** Number of reads that the runtime ends in one poll. */
const POLL = 128;

Deno.test("after a full turn reads start after those that the runtime left behind", async () => {
  const turn = new IoBatches();
  const { log, connection } = connections(turn);
  const begun = Promise.withResolvers<void>();
  const behind: Staged = { ...connection("behind"), beginRead: begun.resolve };
  const busy = connection("busy");
  for (let i = 0; i < POLL; i++) turn.filled(busy, "client");
  await Promise.resolve();
  // Writes may end in between, and other connections may start reads.
  turn.read(connection("other"));
  await Promise.resolve();
  assertEquals(log.filter((line) => line.endsWith("reads")), []);
  turn.filled(behind, "client");
  await begun.promise;
  const reads = log.filter((line) => line.endsWith("reads"));
  assertEquals(reads, [...Array.from({ length: POLL }, () => "busy reads"), "other reads"]);
});

Deno.test("after a full turn reads start, even if the runtime left none behind", async () => {
  const turn = new IoBatches();
  const { promise, resolve } = Promise.withResolvers<void>();
  const last: Staged = { deliver: () => turn.read(last), beginSend: () => {}, beginRead: resolve };
  for (let i = 0; i < POLL; i++) turn.filled(last, "client");
  await promise;
});

Deno.test("the reads and writes that finish at once stay within the runtime's limit", async () => {
  const [count, rounds] = [300, 20];
  const turn = new IoBatches();
  const operations: number[] = [0];
  const order: number[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const answering = (name: number): Staged => ({
    deliver() {
      turn.send(this);
      if (order.push(name) === count * rounds) resolve();
      else turn.read(this);
    },
    beginSend: () => void operations[0]!++,
    beginRead() {
      operations[0]!++;
      Promise.resolve().then(() => turn.filled(this, "client"));
    },
  });
  // Each poll of the event loop has one phase of immediates.
  const poll = () => {
    operations.unshift(0);
    immediate = setImmediate(poll);
  };
  let immediate = setImmediate(poll);
  for (let name = 0; name < POLL; name++) turn.filled(answering(name), "client");
  for (let name = POLL; name < count; name++) turn.read(answering(name));
  await promise;
  clearImmediate(immediate);
  assertEquals(Math.max(...operations) <= POLL, true, `${operations}`);
  const reads = new Uint32Array(count);
  for (const name of order.slice(0, -count)) reads[name]! += 1;
  assertEquals(Math.min(...reads) >= rounds - 3, true, `${reads}`);
});

test("reads that end in one turn of the event loop are delivered together", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { hostname, port } = listener.addr;
  const [one, peerOfOne] = await Promise.all([
    Deno.connect({ hostname, port }),
    listener.accept(),
  ]);
  const [other, peerOfOther] = await Promise.all([
    Deno.connect({ hostname, port }),
    listener.accept(),
  ]);
  const turn = new IoBatches();
  const log: string[] = [];
  const over = Promise.withResolvers<void>();
  const staged: Staged = {
    deliver: () => over.resolve(),
    beginSend: () => {},
    beginRead: () => {},
  };
  const reads = [one, other].map(async (connection) => {
    await connection.read(new Uint8Array(1));
    log.push("read");
    turn.filled(staged, "client");
  });
  const delivered = over.promise.then(() => void log.push("delivered"));
  // Both writes are in the kernel before the event loop polls again.
  const writes = [peerOfOne, peerOfOther].map((peer) => peer.write(new Uint8Array(1)));
  await Promise.all([...reads, ...writes, delivered]);
  assertEquals(log, ["read", "read", "delivered"]);
  for (const connection of [one, other, peerOfOne, peerOfOther]) connection.close();
});
