/**
 * The balancer as a contestant.
 *
 * @module
 */
import { ToolError } from "../../tools/tool.ts";
import { BenchBalancer, type EngineName, serviceSettings } from "../harness/balancer.ts";
import { type Contestant, NAMES, REPLICAS, type Running } from "./contestant.ts";
import { RingWatch } from "./ring_watch.ts";
import { IMAGE, networkOf, type Room } from "./room.ts";

const SERVICE = new URL("servers/replica.ts", import.meta.url);

/**
 * The balancer with this bench's service behind it; not started.
 *
 * @param room the run
 * @param name tells it from others of this run
 * @param engine the engine of the replicas
 * @param spares instances that are kept ready
 */
export function ownBalancer(
  room: Room,
  name: string,
  engine: EngineName,
  spares: number,
): BenchBalancer {
  const fleet = `${room.run}-${name}`;
  const host = engine === "docker" ? networkOf(room).gateway : "127.0.0.1";
  const env = { COLLECTOR: `${host}:${room.collector.port}` };
  const { LB_REPLICA_COMMAND, LB_REPLICA_ENV } = serviceSettings(SERVICE, fleet, env);
  const containers = () => ({
    LB_REPLICA_IMAGE: IMAGE,
    LB_CONTAINER_PREFIX: `${fleet}-`,
    LB_DOCKER_NETWORK: networkOf(room).name,
  });
  return new BenchBalancer({
    ...{ fleet, folder: room.folder, engine },
    settings: {
      LB_REPLICAS: String(REPLICAS),
      LB_SPARES: String(spares),
      LB_REPLICA_ENV,
      ...engine === "docker" ? containers() : { LB_REPLICA_COMMAND },
    },
  });
}

/** The balancer with an engine and a number of spares. */
export function ownContestant(name: string, engine: EngineName, spares: number): Contestant {
  const kept = spares === 0 ? "no spares" : `${spares} spare${spares > 1 ? "s" : ""}`;
  return {
    name,
    about: `ringkeeper, replicas as ${engine === "docker" ? "containers" : "processes"}, ${kept}`,
    kind: "own",
    start: (room) => start(room, ownBalancer(room, name, engine, spares), spares),
  };
}

async function start(room: Room, balancer: BenchBalancer, spares: number): Promise<Running> {
  const ring = new RingWatch();
  const listening = new AbortController();
  await using stack = new AsyncDisposableStack();
  stack.use(balancer);
  await balancer.start();
  stack.defer(() => listening.abort());
  await balancer.untilWhole(room.signal, spares);
  follow(await balancer.events(listening.signal), ring, listening.signal);
  ring.update(NAMES);
  const moved = stack.move();
  return {
    port: balancer.port,
    ring,
    whole: () => balancer.isWhole(spares),
    instanceOf: (name) => balancer.instanceOf(name),
    pidOf: (instance) => balancer.pidOf(instance),
    digest: async () => (await balancer.status())?.digest,
    incident: (instance) => balancer.incident(instance),
    [Symbol.asyncDispose]: () => moved.disposeAsync(),
  };
}

/** Passes every view that the balancer publishes to the watch. */
async function follow(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  ring: RingWatch,
  signal: AbortSignal,
): Promise<void> {
  try {
    let rest = "";
    for await (const text of body.pipeThrough(new TextDecoderStream())) {
      const events = (rest + text).split("\n\n");
      rest = events.pop() ?? "";
      for (const ready of events.flatMap(readyIn)) ring.update(ready);
    }
    ring.fail(new ToolError("the balancer ended its stream of events"));
  } catch (error) {
    if (signal.aborted) return;
    ring.fail(new ToolError(`the balancer's stream of events broke: ${error}`));
  }
}

/**
 * The names in an event about a view.
 *
 * @param event one event of the stream
 * @returns none or one list
 */
export function readyIn(event: string): string[][] {
  const data = /^data: (.*)$/m.exec(event)?.[1];
  if (data === undefined || !/^event: view$/m.test(event)) return [];
  return [JSON.parse(data).ready];
}
