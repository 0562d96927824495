import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { BufferPool } from "../transport/buffers.ts";
import { Deadlines } from "../transport/deadlines.ts";
import { InFlight } from "./in_flight.ts";
import { UpstreamError } from "../errors/upstream_error.ts";
import { InstancePool, type PoolLimits } from "./connection_pool.ts";
import { systemTest as test } from "../../../tools/test/needs.ts";

const LIMITS: PoolLimits = { maxIdle: 2, idleMs: 300, connectMs: 1000 };

/** A pool whose server only accepts. */
class Harness implements Disposable {
  readonly deadlines = new Deadlines();
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #peers: Deno.TcpConn[] = [];
  readonly pool: InstancePool;

  constructor(limits: Partial<PoolLimits> = {}) {
    this.pool = new InstancePool(
      { name: "Server1", instance: "i1", address: this.#listener.addr },
      new InFlight().gauge("i1"),
      { ...LIMITS, ...limits },
      new BufferPool(),
      this.deadlines,
    );
  }

  /** A connection and its other end. */
  async open() {
    const [connection, peer] = await Promise.all([this.pool.connect(), this.#listener.accept()]);
    this.#peers.push(peer);
    return { connection, peer };
  }

  [Symbol.dispose](): void {
    this.pool.retire();
    this.deadlines.close();
    this.#listener.close();
    for (const peer of this.#peers) peer.close();
  }
}

/** Resolves when the other end was closed. */
async function closed(peer: Deno.TcpConn): Promise<void> {
  assertEquals(await peer.read(new Uint8Array(1)), null);
}

test("a new connection is not marked as reused, one from the pool is", async () => {
  using bench = new Harness();
  const { pool } = bench;
  assertEquals(pool.takeIdle(false), undefined);
  const { connection } = await bench.open();
  assertEquals(connection.reused, false);
  pool.giveBack(connection);
  assertEquals(connection.unused, true);
  assertStrictEquals(pool.takeIdle(false), connection);
  assertEquals([connection.reused, connection.unused], [true, false]);
  assertEquals(pool.takeIdle(false), undefined);
  connection.close();
});

test("the most recent connection is used first, and the number kept is limited", async () => {
  using bench = new Harness();
  const { pool } = bench;
  const [a, b, c] = [await bench.open(), await bench.open(), await bench.open()];
  for (const { connection } of [a, b, c]) pool.giveBack(connection);
  await closed(c.peer);
  assertStrictEquals(pool.takeIdle(false), b.connection);
  assertStrictEquals(pool.takeIdle(false), a.connection);
  a.connection.close();
  b.connection.close();
});

test("a connection that was closed while it carried a request is not lent again", async () => {
  using bench = new Harness();
  const { connection, peer } = await bench.open();
  connection.close();
  bench.pool.giveBack(connection);
  assertEquals(bench.pool.takeIdle(false), undefined);
  await closed(peer);
});

test("an idle connection that ends, or receives bytes, is not lent again", async () => {
  for (const say of [true, false]) {
    using bench = new Harness();
    const { connection, peer } = await bench.open();
    bench.pool.giveBack(connection);
    if (say) await peer.write(new Uint8Array([1]));
    else await peer.closeWrite();
    await closed(peer);
    assertEquals(bench.pool.takeIdle(false), undefined);
    assertEquals(connection.transport.closed, true);
  }
});

test("a connection is closed at its idle timeout", async () => {
  using bench = new Harness({ idleMs: 100 });
  const { connection, peer } = await bench.open();
  const start = performance.now();
  bench.pool.giveBack(connection);
  await closed(peer);
  assertEquals(performance.now() - start >= 100, true);
  assertEquals([bench.pool.takeIdle(false), connection.expired], [undefined, false]);
});

test("a request that cannot be repeated gets no connection that was idle for a while", async () => {
  using bench = new Harness({ idleMs: 60_000 });
  const { pool, deadlines } = bench;
  const { connection } = await bench.open();
  pool.giveBack(connection);
  assertStrictEquals(pool.takeIdle(true), connection);
  pool.giveBack(connection);
  const rested = Promise.withResolvers<void>();
  deadlines.add({ deadlineAt: deadlines.in(600), onDeadline: rested.resolve });
  await rested.promise;
  assertEquals(pool.takeIdle(true), undefined);
  assertStrictEquals(pool.takeIdle(false), connection);
  connection.close();
});

test("a retired pool closes idle and returned connections", async () => {
  using bench = new Harness();
  const [resting, busy] = [await bench.open(), await bench.open()];
  bench.pool.giveBack(resting.connection);
  bench.pool.retire();
  await closed(resting.peer);
  assertEquals(busy.connection.transport.closed, false);
  bench.pool.giveBack(busy.connection);
  await closed(busy.peer);
});

test("a refused connection reports that nothing was sent", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const address = listener.addr;
  listener.close();
  const deadlines = new Deadlines();
  const upstream = { name: "Server1", instance: "i1", address };
  const gauge = new InFlight().gauge("i1");
  const pool = new InstancePool(upstream, gauge, LIMITS, new BufferPool(), deadlines);
  const error = await assertRejects(() => pool.connect(), UpstreamError);
  assertEquals([error.kind, error.sent, error.reused], ["refused", "no", false]);
  deadlines.close();
});

test("a deadline in the middle of a request is distinguished from an idle timeout", async () => {
  using bench = new Harness();
  const { connection, peer } = await bench.open();
  connection.deadlineAt = bench.deadlines.now;
  await closed(peer);
  assertEquals([connection.expired, connection.transport.closed], [true, true]);
});
