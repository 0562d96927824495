/**
 * The balancer as a contestant.
 *
 * @module
 */
import { ToolError } from "../../tools/tool.ts";
import { eventually } from "../harness/clock.ts";
import { type Contestant, NAMES, type Running } from "./contestant.ts";
import { pidOfContainer } from "../harness/docker.ts";
import type { EngineName } from "../harness/balancer.ts";
import { OwnBalancer } from "./own_balancer.ts";
import { RingWatch } from "./ring_watch.ts";
import { networkOf, type Room } from "./room.ts";

/** Milliseconds that the first replicas may take. */
const START_MS = 60_000;

/**
 * The balancer with an engine and a number of spares.
 *
 * @param name the contestant's name
 * @param engine what runs the replicas
 * @param spares how many instances are kept ready
 */
export function ownContestant(name: string, engine: EngineName, spares: number): Contestant {
  const kept = spares === 0 ? "no spares" : `${spares} spare${spares > 1 ? "s" : ""}`;
  return {
    name,
    about: `ringkeeper, replicas as ${engine === "docker" ? "containers" : "processes"}, ${kept}`,
    kind: "own",
    start: (room) => start(room, new OwnBalancer(room, { name, engine, spares }), spares),
  };
}

async function start(room: Room, balancer: OwnBalancer, spares: number): Promise<Running> {
  if (balancer.engine === "docker") networkOf(room);
  const ring = new RingWatch();
  const listening = new AbortController();
  await using stack = new AsyncDisposableStack();
  stack.use(balancer);
  await balancer.start();
  stack.defer(() => listening.abort());
  const whole = () => isWhole(balancer, spares);
  if (!await eventually(whole, START_MS, room.signal)) {
    throw new ToolError(`the fleet is not whole: ${JSON.stringify(await balancer.status())}`);
  }
  follow(await balancer.events(listening.signal), ring, listening.signal);
  ring.update(NAMES);
  const moved = stack.move();
  return {
    port: balancer.port,
    ring,
    whole,
    instanceOf: async (name) => await instanceOf(balancer, name),
    pidOf: (instance) =>
      balancer.engine === "docker"
        ? pidOfContainer(instance)
        // The process engine's ids are the number of the process and the time of its start.
        : Promise.resolve(parseInt(instance)),
    digest: async () => (await balancer.status())?.digest,
    incident: (instance) => balancer.incident(instance),
    [Symbol.asyncDispose]: () => moved.disposeAsync(),
  };
}

async function isWhole(balancer: OwnBalancer, spares: number): Promise<boolean> {
  const status = await balancer.status();
  if (!status || status.ready !== status.desired) return false;
  return status.spares.filter(({ state }) => state === "ready").length === spares;
}

async function instanceOf(balancer: OwnBalancer, name: string): Promise<string> {
  const status = await balancer.status();
  const instance = status?.replicas.find((replica) => replica.name === name)?.instance;
  if (instance) return instance;
  throw new ToolError(`${name} has no instance: ${JSON.stringify(status)}`);
}

/** Tells the watch of every view that the balancer publishes. */
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
    if (!signal.aborted) {
      ring.fail(new ToolError(`the balancer's stream of events broke: ${error}`));
    }
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
