import { assertEquals } from "@std/assert";
import { type Side, type Staged, Turn } from "./io_batches.ts";
import { systemTest as test } from "../../../tools/test/needs.ts";

/** Connections that note what they are told to do, and answer whatever was read. */
function connections(turn: Turn) {
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

Deno.test("a turn goes kind by kind, and what replicas say comes first", async () => {
  const turn = new Turn();
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

Deno.test("one turn follows another, whatever it begins with", async () => {
  const turn = new Turn();
  const { log, connection } = connections(turn);
  turn.read(connection("a"));
  await Promise.resolve();
  turn.send(connection("b"));
  turn.send(connection("c"));
  await Promise.resolve();
  await Promise.resolve();
  assertEquals(log, ["a reads", "b sends", "c sends"]);
});

Deno.test("who was read from in a full turn reads again after those who were left behind", async () => {
  const turn = new Turn();
  const { log, connection } = connections(turn);
  const busy = connection("busy");
  for (let i = 0; i < 128; i++) turn.filled(busy, "client");
  await Promise.resolve();
  assertEquals(log.includes("busy reads"), false);
  // Sends may end in between, and have others begin to read.
  turn.read(connection("other"));
  await Promise.resolve();
  assertEquals(log.includes("other reads"), false);
  turn.filled(connection("behind"), "client");
  await Promise.resolve();
  const reads = log.filter((line) => line.endsWith("reads"));
  assertEquals(reads.length, 130);
  assertEquals(reads.slice(-2), ["other reads", "behind reads"]);
});

Deno.test("who was read from in a full turn reads again, though nobody was left behind", async () => {
  const turn = new Turn();
  const { promise, resolve } = Promise.withResolvers<void>();
  const last: Staged = { deliver: () => turn.read(last), beginSend: () => {}, beginRead: resolve };
  for (let i = 0; i < 128; i++) turn.filled(last, "client");
  await promise;
});

test("reads that are over in one turn of the event loop are handed on together", async () => {
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
  const turn = new Turn();
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
  // Both are in the kernel before the event loop looks again.
  const writes = [peerOfOne, peerOfOther].map((peer) => peer.write(new Uint8Array(1)));
  await Promise.all([...reads, ...writes, delivered]);
  assertEquals(log, ["read", "read", "delivered"]);
  for (const connection of [one, other, peerOfOne, peerOfOther]) connection.close();
});
