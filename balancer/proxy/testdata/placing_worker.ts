/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />
/**
 * Stands in for a worker of the data plane in tests: admits requests and lets them leave as fast as
 * possible, most of them for one replica, and counts the admitted ones in memory of the test.
 *
 * @module
 */
import { Ring } from "../../../ring/mod.ts";
import { BufferPool } from "../transport/buffers.ts";
import { Deadlines } from "../transport/deadlines.ts";
import { RequestHead } from "../http1/request_head.ts";
import { RequestIds } from "../request/request_ids.ts";
import { InFlight } from "../upstream/in_flight.ts";
import { LoadCell, type SharedLoads } from "../upstream/shared_load.ts";
import { Admission } from "../routing/admission.ts";
import { RoutingTable } from "../routing/routing_table.ts";
import { ProxyRequest } from "../request/request.ts";
import { InstancePool } from "../upstream/connection_pool.ts";

/** The task of the worker. */
export interface PlacingTask {
  readonly memory: SharedLoads;
  readonly row: number;
  readonly bound: number;
  /** Names of the replicas; the first is the popular one. */
  readonly names: readonly string[];
  /** Number of requests in flight at the same time. */
  readonly places: number;
  readonly requests: number;
  /** Requests in flight to each replica, counted independently. */
  readonly held: Int32Array<SharedArrayBuffer>;
}

/** The worker's observations. */
export interface Placed {
  /** Most requests in flight at the same time, for each replica. */
  readonly most: readonly number[];
  /** Requests that overflowed to another replica. */
  readonly overflowed: number;
}

self.onmessage = ({ data }: MessageEvent<PlacingTask>) => {
  self.postMessage(run(data));
  self.close();
};

function run(task: PlacingTask): Placed {
  const { routes, places } = room(task);
  const most = task.names.map(() => 0);
  const taken: InstancePool[] = [];
  let overflowed = 0;
  for (let nth = 0; nth < task.requests; nth++) {
    if (taken.length === task.places) leave(task, taken.shift()!);
    const request = requestFor(`${task.row} ${nth}`);
    const wanted = routes.current!.pool(task.names[nth % 4 === 0 ? nth % task.names.length : 0]!)!;
    const pool = places.acquire(request, wanted);
    const at = task.names.indexOf(pool.upstream.name);
    most[at] = Math.max(most[at]!, Atomics.add(task.held, at, 1) + 1);
    if (pool !== wanted) overflowed++;
    taken.push(pool);
  }
  for (const pool of taken) leave(task, pool);
  return { most, overflowed };
}

/** The test's count is decremented first: it is never above the count under test. */
function leave({ held, names }: PlacingTask, pool: InstancePool): void {
  Atomics.sub(held, names.indexOf(pool.upstream.name), 1);
  pool.inFlight.leave();
}

function room({ memory, row, bound, names }: PlacingTask) {
  const inFlight = new InFlight();
  const deadlines = new Deadlines();
  deadlines.close();
  const limits = { maxIdle: 1, idleMs: 1, connectMs: 1 };
  const routes = new RoutingTable({
    open: (one) => {
      const cell = new LoadCell(memory, row, 1 + names.indexOf(one.name), true);
      const gauge = inFlight.gauge(one.instance, cell);
      return new InstancePool(one, gauge, limits, new BufferPool(), deadlines);
    },
    retire: () => {},
  }, bound);
  const address = { hostname: "127.0.0.1", port: 9 };
  routes.publish({
    version: 1,
    ring: Ring.build({ members: names }),
    ready: new Map(names.map((name) => [name, { name, instance: name, address }])),
    awaited: new Set(),
    epoch: 0,
    quarantined: new Set(),
  });
  return {
    routes,
    places: new Admission({ memory, row }, routes, { loadBound: bound, ringFields: false }),
  };
}

const IDS = new RequestIds();
const BUFFERS = new BufferPool();

function requestFor(key: string): ProxyRequest {
  const request = new ProxyRequest(new RequestHead(), key, IDS, BUFFERS, 1);
  request.destination = { key, first: undefined };
  return request;
}
