import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { BufferPool } from "../transport/buffers.ts";
import { ConnectionQueue } from "./connection_queue.ts";
import { NoRoomError } from "./no_room_error.ts";
import { Deadlines } from "../transport/deadlines.ts";
import { DescriptorBudget, sharedFiles } from "../transport/descriptor_budget.ts";
import { InFlight } from "./in_flight.ts";
import { UpstreamError } from "../errors/upstream_error.ts";
import { InstancePool } from "./connection_pool.ts";
import type { UpstreamConnection } from "./upstream_connection.ts";
import { systemTest as test } from "../../../tools/test/needs.ts";

const LIMITS = { maxIdle: 10, idleMs: 60_000, connectMs: 10_000 };

/** Two replicas, with a limited number of connections to both. */
class Harness implements Disposable {
  readonly files;
  readonly deadlines = new Deadlines();
  readonly budget: DescriptorBudget;
  readonly line: ConnectionQueue;
  readonly a: InstancePool;
  readonly b: InstancePool;
  readonly #listeners: Deno.TcpListener[] = [];
  readonly #open: UpstreamConnection[] = [];

  constructor(room: number, patienceMs = 60_000) {
    this.files = sharedFiles(2, 2 * room);
    this.budget = new DescriptorBudget(this.files, 0);
    this.line = new ConnectionQueue({
      budget: this.budget,
      deadlines: this.deadlines,
      pools: () => [this.a, this.b],
      isControl: () => false,
      patienceMs,
    });
    this.a = this.#pool("a");
    this.b = this.#pool("b");
  }

  #pool(name: string): InstancePool {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.#listeners.push(listener);
    const upstream = { name, instance: name, address: listener.addr };
    const gauge = new InFlight().gauge(name);
    return new InstancePool(upstream, gauge, LIMITS, new BufferPool(), this.deadlines, this.line);
  }

  /** Requests a connection. @param leaves receives the function that ends the wait */
  async connect(
    pool: InstancePool,
    leaves: (leave: () => void) => void = () => {},
    ms = 60_000,
    mayBeGone = false,
  ) {
    const caller = { hold: leaves, unhold: () => {}, mayBeGone };
    const connection = await this.line.connect(pool, caller, this.deadlines.in(ms));
    if (connection) this.#open.push(connection);
    return connection;
  }

  /** Opens a connection for which there is room. */
  async open(pool: InstancePool): Promise<UpstreamConnection> {
    return (await this.connect(pool))!;
  }

  [Symbol.dispose](): void {
    this.deadlines.close();
    for (const connection of this.#open) connection.close();
    for (const listener of this.#listeners) listener.close();
  }
}

test("waiting requests get returned connections, first come first served", async () => {
  using bench = new Harness(1);
  const { a, line } = bench;
  const connection = await bench.open(a);
  const [first, second] = [bench.connect(a), bench.connect(a)];
  assertEquals(line.count, 2);
  a.giveBack(connection);
  assertStrictEquals(await first, connection);
  assertEquals([line.count, connection.reused, connection.unused], [1, true, false]);
  a.giveBack(connection);
  assertStrictEquals(await second, connection);
});

test("a connection that ends makes room for another", async () => {
  using bench = new Harness(1);
  const connection = await bench.open(bench.a);
  const waiting = bench.connect(bench.b);
  connection.close();
  connection.close();
  const other = await waiting;
  assertStrictEquals(other?.pool, bench.b);
  // The connection was counted out once: there is room for one, as before.
  assertEquals(bench.budget.hasRoom, false);
});

test("an idle connection is closed to make room, the oldest first", async () => {
  using bench = new Harness(2);
  const { a, b } = bench;
  const [older, newer] = [await bench.open(a), await bench.open(a)];
  a.giveBack(older);
  a.giveBack(newer);
  await bench.open(b);
  assertEquals([older.transport.closed, newer.transport.closed], [true, false]);
});

test("a returned connection is closed for a request that waits for another replica", async () => {
  using bench = new Harness(1);
  const connection = await bench.open(bench.a);
  const waiting = bench.connect(bench.b);
  bench.a.giveBack(connection);
  assertStrictEquals((await waiting)?.pool, bench.b);
  assertEquals(connection.transport.closed, true);
});

test("a replica without connections gets some of those that another one has", async () => {
  using bench = new Harness(4);
  const { a, b } = bench;
  const open = [];
  for (let i = 0; i < 4; i++) open.push(await bench.open(a));
  const waiting = [b, a, b, a, b].map((pool) => bench.connect(pool));
  for (const connection of open) a.giveBack(connection);
  const got = await Promise.all(waiting.slice(0, 4));
  assertEquals(got.map((one) => one?.pool === a), [false, true, false, true]);
  assertEquals([a.size, b.size, bench.line.count], [2, 2, 1]);
  got[0]?.close();
  await waiting[4];
});

test("a request that leaves ends its wait, one at its deadline gets an error", async () => {
  using bench = new Harness(1);
  const connection = await bench.open(bench.a);
  const leaving = bench.connect(bench.a, (leave) => leave());
  assertEquals(await leaving, undefined);
  await assertRejects(() => bench.connect(bench.a, () => {}, 1), NoRoomError);
  assertEquals(bench.line.count, 0);
  bench.a.giveBack(connection);
  assertEquals(connection.unused, true);
});

test("a request whose client may be gone is refused in favour of one whose client is there", async () => {
  using bench = new Harness(1);
  const { a, line } = bench;
  const connection = await bench.open(a);
  const doubtful = [1, 2].map(() => bench.connect(a, () => {}, 60_000, true));
  line.tick();
  assertEquals(line.count, 2, "none is preferred to another of its kind");
  const certain = bench.connect(a);
  line.tick();
  await assertRejects(() => doubtful[0]!, NoRoomError);
  line.tick();
  await assertRejects(() => doubtful[1]!, NoRoomError);
  line.tick();
  assertEquals(line.count, 1);
  a.giveBack(connection);
  assertStrictEquals(await certain, connection);
});

test("a request whose client may be gone is refused in favour of a new client", async () => {
  using bench = new Harness(2);
  const { a, line } = bench;
  const [connection] = [await bench.open(a), await bench.open(a)];
  const doubtful = bench.connect(a, () => {}, 60_000, true);
  const accepting = line.roomToAccept();
  line.tick();
  await assertRejects(() => doubtful, NoRoomError);
  connection.close();
  await accepting;
});

test("a connection that is refused takes no room", async () => {
  using bench = new Harness(1);
  const gone = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  bench.a.update({ name: "a", instance: "a", address: gone.addr }, bench.a.allowance);
  gone.close();
  await assertRejects(() => bench.connect(bench.a), UpstreamError, "refused");
  assertEquals([bench.budget.hasRoom, bench.a.size], [true, 0]);
});

test("a request in another worker gets room that this worker does not use", async () => {
  using bench = new Harness(1);
  const connection = await bench.open(bench.a);
  const other = new DescriptorBudget(bench.files, 1);
  assertEquals(other.enterReplica(), false);
  bench.a.giveBack(connection);
  bench.line.tick();
  assertEquals(connection.transport.closed, false);
  other.wait(1);
  bench.line.tick();
  assertEquals([connection.transport.closed, other.enterReplica()], [true, true]);
});

test("clients are accepted when there is room, after the waiting requests", async () => {
  using bench = new Harness(2);
  const { a, line } = bench;
  await line.roomToAccept();
  const [connection] = [await bench.open(a), await bench.open(a)];
  const waiting = bench.connect(a);
  let accepted = false;
  const accepting = line.roomToAccept().then(() => accepted = true);
  a.giveBack(connection);
  await waiting;
  assertEquals([accepted, connection.transport.closed], [false, false]);
  a.giveBack(connection);
  await accepting;
  assertEquals(connection.transport.closed, true);
});

test("clients above the limit wait a while for others to leave, and are then rejected", async () => {
  for (const [patienceMs, crowded] of [[60_000, false], [0, true]] as const) {
    using bench = new Harness(2, patienceMs);
    bench.budget.enterClient();
    assertEquals(bench.line.crowded, crowded);
    const accepting = bench.line.roomToAccept();
    if (!crowded) {
      bench.budget.leaveClient();
      bench.line.roomMade();
    }
    await accepting;
  }
});
