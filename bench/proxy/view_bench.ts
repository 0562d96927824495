/**
 * How long a worker of the data plane is busy with a view, which delays its requests. Run
 * by `deno task bench`.
 *
 * @module
 */
import type { View } from "../../balancer/view.ts";
import { BufferPool } from "../../balancer/proxy/transport/buffers.ts";
import { Deadlines } from "../../balancer/proxy/transport/deadlines.ts";
import { InFlight } from "../../balancer/proxy/upstream/in_flight.ts";
import { RoutingTable } from "../../balancer/proxy/routing/routing_table.ts";
import { InstancePool } from "../../balancer/proxy/upstream/connection_pool.ts";
import { Ring } from "../../ring/mod.ts";

const LIMITS = { maxIdle: 256, idleMs: 1000, connectMs: 1000 };

function routes(): RoutingTable {
  const [buffers, deadlines, inFlight] = [new BufferPool(), new Deadlines(), new InFlight()];
  deadlines.close();
  return new RoutingTable({
    open: (upstream) =>
      new InstancePool(upstream, inFlight.gauge(upstream.instance), LIMITS, buffers, deadlines),
    retire: (pool) => pool.retire(),
  });
}

function view(ring: Ring, names: readonly string[]): View {
  const address = { hostname: "127.0.0.1", port: 1 };
  return {
    version: 1,
    ring,
    ready: new Map(names.map((name) => [name, { name, instance: name, address }])),
    awaited: new Set(),
    epoch: 0,
    quarantined: new Set(),
  };
}

for (const count of [3, 16, 64]) {
  const names = Array.from({ length: count }, (_, at) => `Server${at + 1}`);
  const ring = Ring.build({ members: names });
  const [all, fewer] = [view(ring, names), view(ring, names.slice(1))];
  const health = routes();
  Deno.bench(`a replica of ${count} is not ready, and ready again`, () => {
    health.publish(fewer);
    health.publish(all);
  });
  const members = routes();
  Deno.bench(`a replica of ${count} leaves the ring, and is back`, () => {
    for (const present of [names.slice(1), names]) {
      members.publish(view(Ring.build({ members: present }), present));
    }
  });
}
