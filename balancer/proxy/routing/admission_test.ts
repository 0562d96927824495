import { assert, assertEquals } from "@std/assert";
import { loadCap, Ring } from "../../../ring/mod.ts";
import type { Upstream } from "../../view.ts";
import { BufferPool } from "../transport/buffers.ts";
import { Deadlines } from "../transport/deadlines.ts";
import { RequestHead } from "../http1/request_head.ts";
import { RequestIds } from "../request/request_ids.ts";
import { InFlight } from "../upstream/in_flight.ts";
import { Admission } from "./admission.ts";
import { RoutingTable } from "./routing_table.ts";
import { loadIn, sharedLoads } from "../upstream/shared_load.ts";
import type { Placed, PlacingTask } from "../testdata/placing_worker.ts";
import { ProxyRequest } from "../request/request.ts";
import { InstancePool } from "../upstream/connection_pool.ts";
import { systemTest as test } from "../../../tools/test/needs.ts";

const NAMES = ["Server1", "Server2", "Server3"];
const RING = Ring.build({ members: NAMES });

/** The admission of one worker with three replicas. */
class Harness implements Disposable {
  readonly memory = sharedLoads(1);
  readonly places: Admission;
  readonly #deadlines = new Deadlines();
  readonly #routes: RoutingTable;

  constructor(loadBound: number, ringFields = false) {
    const inFlight = new InFlight();
    const limits = { maxIdle: 1, idleMs: 1, connectMs: 1 };
    this.#routes = new RoutingTable({
      open: (one) => {
        const gauge = inFlight.gauge(one.instance, this.places.cell(one.instance));
        return new InstancePool(one, gauge, limits, new BufferPool(), this.#deadlines);
      },
      retire: () => {},
    }, loadBound);
    const rules = { loadBound, ringFields };
    this.places = new Admission({ memory: this.memory, row: 0 }, this.#routes, rules);
  }

  /** @param ramps the replicas in slow start, by name */
  publish(names = NAMES, ramps: Readonly<Record<string, number>> = {}): void {
    const address = { hostname: "127.0.0.1", port: 9 };
    const upstreams = names.map((name): [string, Upstream] => [
      name,
      { name, instance: name, address, ramp: ramps[name] ?? 1 },
    ]);
    const left = NAMES.filter((name) => !names.includes(name)).map(cellOf);
    this.places.publish({
      ready: new Map(names.map((name) => [name, cellOf(name)])),
      leaving: left,
    });
    this.#routes.publish({
      version: 1,
      ring: RING,
      ready: new Map(upstreams),
      awaited: new Set(),
      epoch: 0,
      quarantined: new Set(),
    });
  }

  pool(name: string): InstancePool {
    return this.#routes.current!.pool(name)!;
  }

  /** Admits a request that prefers a replica. @returns the replica that admitted it */
  take(name: string, failed?: ReadonlySet<string>): string {
    return this.places.acquire(requestOf(keyOf(name)), this.pool(name), failed).upstream.name;
  }

  [Symbol.dispose](): void {
    this.#deadlines.close();
  }
}

function cellOf(name: string): number {
  return 1 + NAMES.indexOf(name);
}

function requestOf(key: string): ProxyRequest {
  const request = new ProxyRequest(new RequestHead(), key, new RequestIds(), new BufferPool(), 1);
  request.destination = { key, first: undefined };
  return request;
}

/** Returns a key of that owner. */
function keyOf(owner: string): string {
  for (let i = 0;; i++) if (RING.ownerOfKey(`key ${i}`) === owner) return `key ${i}`;
}

Deno.test("without a bound each request is admitted to its preferred replica", () => {
  using bench = new Harness(0);
  bench.publish();
  for (let nth = 0; nth < 50; nth++) assertEquals(bench.take("Server1"), "Server1");
  assertEquals(loadIn(bench.memory, 1), 50);
});

Deno.test("a replica admits requests up to its bound, other replicas take the rest", () => {
  using bench = new Harness(1.25);
  bench.publish();
  for (let nth = 0; nth < 30; nth++) bench.take("Server1");
  const loads = [1, 2, 3].map((cell) => loadIn(bench.memory, cell));
  assertEquals([loads[0], loadIn(bench.memory, 0)], [loadCap(1.25, 29, 1 / 3), 30]);
  assert(loads.every((load) => load <= loadCap(1.25, 29, 1 / 3)), `${loads}`);
});

Deno.test("a request that leaves makes room for the next", () => {
  using bench = new Harness(1.25);
  bench.publish();
  assertEquals(bench.take("Server1"), "Server1");
  assert(bench.take("Server1") !== "Server1");
  bench.pool("Server1").inFlight.leave();
  assertEquals(bench.take("Server1"), "Server1");
});

Deno.test("no request overflows to a replica that failed it, and without an alternative it stays", () => {
  using bench = new Harness(1.25);
  bench.publish();
  bench.take("Server1");
  assertEquals(bench.take("Server1", new Set(["Server2"])), "Server3");
  assertEquals(bench.take("Server1", new Set(["Server2", "Server3"])), "Server1");
});

Deno.test("requests on instances that left the view do not raise any share", () => {
  using bench = new Harness(1.25);
  bench.publish();
  for (let nth = 0; nth < 30; nth++) bench.pool("Server3").inFlight.enter();
  bench.publish(["Server1", "Server2"]);
  const got = Array.from({ length: 3 }, () => bench.take("Server1"));
  assertEquals(got, ["Server1", "Server1", "Server2"]);
});

Deno.test("a replica in slow start is bounded, however many requests prefer it", () => {
  using bench = new Harness(0);
  bench.publish(NAMES, { Server1: 0.1 });
  for (let nth = 0; nth < 50; nth++) bench.take("Server1");
  // A weight of 0.1 beside two of 1: 0.1 of 2.1.
  assertEquals(loadIn(bench.memory, 1), loadCap(1.25, 49, 0.1 / 2.1));
  bench.publish(NAMES, { Server1: 0.5 });
  for (let nth = 0; nth < 50; nth++) bench.take("Server1");
  assertEquals(loadIn(bench.memory, 1), loadCap(1.25, 99, 0.5 / 2.5));
  bench.publish();
  for (let nth = 0; nth < 50; nth++) bench.take("Server1");
  assertEquals(loadIn(bench.memory, 1), loadCap(1.25, 99, 0.5 / 2.5) + 50, "it has started");
});

Deno.test("a request knows its slot when the ring fields are enabled", () => {
  using bench = new Harness(0, true);
  bench.publish();
  const request = requestOf("17");
  bench.places.acquire(request, bench.pool("Server1"));
  assertEquals(request.slot, RING.slotOfId(17));
  const call = requestOf("");
  call.destination = { key: undefined, first: undefined };
  bench.places.acquire(call, bench.pool("Server1"));
  assertEquals(call.slot, -1);
});

test("workers that admit requests concurrently never exceed the bound together", async () => {
  const [workers, places, names] = [4, 40, ["Server1", "Server2", "Server3", "Server4"]];
  const memory = sharedLoads(workers);
  const held = new Int32Array(new SharedArrayBuffer(4 * names.length));
  const seen = await Promise.all(
    Array.from(
      { length: workers },
      (_, row) => placing({ memory, row, bound: 1.25, names, places, requests: 30_000, held }),
    ),
  );
  const cap = loadCap(1.25, workers * places - 1, 1 / names.length);
  for (const { most, overflowed } of seen) {
    assert(Math.max(...most) <= cap, `${most} places, and ${cap} are allowed`);
    assert(overflowed > 0);
  }
  const left = names.map((_, at) => loadIn(memory, 1 + at));
  assertEquals([loadIn(memory, 0), ...left], [0, 0, 0, 0, 0]);
});

/** Runs a worker that admits requests. */
function placing(task: PlacingTask): Promise<Placed> {
  const { promise, resolve, reject } = Promise.withResolvers<Placed>();
  const url = new URL("../testdata/placing_worker.ts", import.meta.url);
  const worker = new Worker(url, { type: "module" });
  worker.onmessage = ({ data }: MessageEvent<Placed>) => resolve(data);
  worker.onerror = ({ message }) => reject(new Error(message));
  worker.postMessage(task);
  return promise;
}
