/**
 * Stress: 10,000 requests in flight at the same moment.
 *
 * @module
 */
import { printError } from "../../tools/print.ts";
import { now, pass } from "../harness/clock.ts";
import { BrokenOff, HttpConnection } from "../harness/connection.ts";
import { describeMachine } from "../harness/machine.ts";
import { countsOf, sum } from "../harness/statistics.ts";
import { fixed, tableOf, whole } from "../harness/table.ts";
import { Gate } from "./gate.ts";
import type { Part } from "./part.ts";
import { hello, idField, REQUESTS } from "./requests.ts";
import { type Room, serverNames, startFleet } from "./room.ts";

/** The data of the stress test. */
interface StressData {
  readonly requests: number;
  /** The most requests that were sent and not answered at one moment, as their clients counted. */
  readonly inFlight: number;
  /** The most requests at the replicas at one moment, all together. */
  readonly atReplicas: number;
  /** Milliseconds from the first request until the replicas had as many as they got. */
  readonly risingMs: number;
  /** Milliseconds from then to the last answer. */
  readonly answeringMs: number;
  readonly replicas: readonly string[];
  /** Answers of each replica. */
  readonly answers: readonly number[];
  readonly lost: readonly string[];
  /** Replicas that the balancer replaced meanwhile. */
  readonly restarts: number;
  /** Files that a process may have open here. */
  readonly openFiles: number;
}

const NAMES = serverNames(3);
/**
 * Requests that may be on their way to the replicas. The test is of requests in flight, not of
 * connections that a machine opens in a second.
 */
const LEAD = 100;
const BATCH = 20;
/** Milliseconds that the replicas may take to get one more request; then the gate opens anyway. */
const STALL_MS = 3000;
/** Files that a balancer has open beside its connections, and some to spare. */
const OTHER_FILES = 200;
const LOOK_MS = 20;

/** The stress test. */
export const stress: Part<StressData> = {
  name: "stress",
  title: "10,000 requests in flight at once",
  engine: "process",
  measure,
  rows: ({ requests, replicas, answers, inFlight, atReplicas, lost }) =>
    replicas.map((replica, at) => ({
      ...{ requests, inFlight, atReplicas, lost: lost.length, replica },
      answers: answers[at] ?? NaN,
    })),
  report,
};

async function measure(room: Room): Promise<StressData> {
  const openFiles = Number((await describeMachine())["openFiles"]);
  const count = room.stress ?? Math.min(REQUESTS, fitting(openFiles));
  const found = { ...await rush(room, count), openFiles };
  const { inFlight, atReplicas, lost } = found;
  printError(`  ${inFlight} in flight, ${atReplicas} at the replicas, ${lost.length} lost`);
  return found;
}

/**
 * As many requests as a balancer can have in flight: each takes two of its connections, one on
 * either side.
 *
 * @param openFiles that it may have
 */
export function fitting(openFiles: number): number {
  return Math.floor((openFiles - OTHER_FILES) / 2);
}

async function rush(room: Room, count: number): Promise<Omit<StressData, "openFiles">> {
  using gate = new Gate();
  const env = { GATE: gate.address };
  const service = "waiting_replica.ts";
  await using fleet = await startFleet(room, { replicas: NAMES.length, service, env });
  const clients = new Clients(fleet.port);
  const start = now();
  await clients.send(count, gate, room.signal);
  const risen = await stalled(gate, count, room.signal);
  await gate.open();
  const opened = now();
  await clients.finish();
  const ended = now();
  const members = (await fleet.status())?.replicas ?? [];
  const counts = countsOf(clients.servers);
  return {
    requests: count,
    inFlight: clients.most,
    atReplicas: gate.most,
    risingMs: Math.round(risen - start),
    answeringMs: Math.round(ended - opened),
    replicas: NAMES,
    answers: NAMES.map((name) => counts.get(name) ?? 0),
    lost: clients.faults,
    restarts: sum(members.map(({ restarts }) => restarts)),
  };
}

/** Waits until the replicas have that many requests, or get no further one. @returns when they got the last one */
async function stalled(gate: Gate, count: number, signal: AbortSignal): Promise<number> {
  let last = now();
  for (let most = gate.most; most < count && now() - last < STALL_MS;) {
    await pass(LOOK_MS, signal);
    if (gate.most > most) last = now();
    most = gate.most;
  }
  return last;
}

/** Clients with one connection and one request each. */
class Clients {
  readonly servers: string[] = [];
  readonly faults: string[] = [];
  most = 0;
  #inFlight = 0;
  readonly #running: Promise<void>[] = [];

  constructor(readonly port: number) {}

  /** Sends requests, and resolves when all are sent. */
  async send(count: number, gate: Gate, signal: AbortSignal): Promise<void> {
    for (let next = 0; next < count; next += BATCH) {
      const batch = Array.from({ length: Math.min(BATCH, count - next) }, (_, at) => next + at);
      await Promise.all(batch.map((id) => this.#sendOne(id)));
      await stalled(gate, next + batch.length - LEAD, signal);
    }
  }

  /** Resolves when all are answered or lost. */
  async finish(): Promise<void> {
    await Promise.all(this.#running);
  }

  async #sendOne(id: number): Promise<void> {
    try {
      this.#running.push(this.#ask(await HttpConnection.open(this.port), id));
    } catch (error) {
      this.#fail(id, error);
    }
  }

  async #ask(connection: HttpConnection, id: number): Promise<void> {
    using _closed = connection;
    this.most = Math.max(this.most, ++this.#inFlight);
    try {
      this.servers.push(await hello(connection, idField(id)));
    } catch (error) {
      this.#fail(id, error);
    } finally {
      this.#inFlight--;
    }
  }

  #fail(id: number, error: unknown): void {
    if (!(error instanceof BrokenOff)) throw error;
    this.faults.push(`${id}: ${error.message}`);
  }
}

function report(data: StressData): string {
  const { requests, inFlight, atReplicas, lost, restarts, replicas, answers } = data;
  const seconds = (ms: number) => fixed(ms / 1000, 1);
  return [
    `${
      whole(requests)
    } clients, each with a connection of its own and one request, ids from 0, default settings, three replicas. The service behind the balancer keeps every request until all have arrived (or none has arrived for three seconds), and then answers all at once. They are sent as fast as they get there, with at most a hundred on their way: the test is of requests in flight.`,
    tableOf(["", "measured"], [
      ["requests", whole(requests)],
      ["in flight at one moment, as the clients count (sent, not answered)", whole(inFlight)],
      ["at the replicas at one moment, as those count", whole(atReplicas)],
      ["**lost**", `**${lost.length}**`],
      ["replicas replaced meanwhile", restarts],
      ["seconds until the replicas had them", seconds(data.risingMs)],
      ["seconds from then to the last answer", seconds(data.answeringMs)],
      ...replicas.map((name, at) => [`answered by ${name}`, whole(answers[at] ?? NaN)]),
    ]),
    ...lost.length > 0 ? [lossText(lost)] : [],
    filesText(data),
  ].join("\n\n");
}

/** The losses, in the words of the answers. */
function lossText(lost: readonly string[]): string {
  const words = new Set(lost.map((text) => text.replace(/^\d+: /, "")));
  return `Losses: ${[...words].slice(0, 3).map((text) => `\`${text}\``).join(", ")}.`;
}

function filesText({ requests, openFiles }: StressData): string {
  const text =
    `A request in flight takes two connections of the balancer, one on either side, and so two of the files that a process may have open: ${
      whole(openFiles)
    } here (\`ulimit -n\`, raised to the hard limit).`;
  if (requests >= REQUESTS) return text;
  return `${text} ${whole(REQUESTS)} requests would take ${
    whole(2 * REQUESTS)
  } and those that the balancer has open besides, which this machine does not allow: ${
    whole(requests)
  } is the most that fits. With a higher limit the same command sends ${whole(REQUESTS)}.`;
}
