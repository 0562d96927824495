/**
 * Stress: 10,000 requests in flight at the same moment.
 *
 * @module
 */
import { complain } from "../../tools/print.ts";
import { now, pass } from "../harness/clock.ts";
import { BrokenOff, HttpConnection } from "../harness/http_connection.ts";
import { describeMachine } from "../harness/machine.ts";
import { hello, idField, REQUESTS } from "./census.ts";
import { commandOf } from "./command.ts";
import { Fleet } from "./fleet.ts";
import { Gate } from "./gate.ts";
import { serverNames } from "./layouts.ts";
import type { Part } from "./part.ts";
import type { Room } from "./room.ts";
import { countsOf } from "./statistics.ts";
import { stressReport } from "./stress_report.ts";

/** What became of the requests. */
interface Rush {
  readonly requests: number;
  /** The most requests that were sent and not answered at one moment, as their clients counted. */
  readonly inFlight: number;
  /** The most that the replicas had in hand at one moment, all together. */
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
}

/** What was found. */
export interface StressData extends Rush {
  /** Files that a process may have open here. */
  readonly openFiles: number;
}

const REPLICAS = 3;
/**
 * Requests that may be on their way to the replicas. What is tried is how many can be in flight, not
 * how many connections a machine opens in a second.
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
  charts: () => [],
  rows: ({ requests, replicas, answers, inFlight, atReplicas, lost }) =>
    replicas.map((replica, at) => ({
      ...{ requests, inFlight, atReplicas, lost: lost.length, replica },
      answers: answers[at] ?? NaN,
    })),
  report: stressReport,
};

async function measure(room: Room): Promise<StressData> {
  const openFiles = Number((await describeMachine())["openFiles"]);
  const rush = await rushOf(room, room.stress ?? Math.min(REQUESTS, fitting(openFiles)));
  complain(
    `  ${rush.inFlight} in flight, ${rush.atReplicas} at the replicas, ${rush.lost.length} lost`,
  );
  return { ...rush, openFiles };
}

/**
 * As many requests as a balancer can have in flight: each takes two connections of it, one on either
 * side.
 *
 * @param openFiles that it may have
 */
export function fitting(openFiles: number): number {
  return Math.floor((openFiles - OTHER_FILES) / 2);
}

async function rushOf(room: Room, count: number): Promise<Rush> {
  using gate = new Gate();
  await using fleet = await Fleet.start(room, {
    replicas: REPLICAS,
    command: commandOf("waiting_replica.ts", ["GATE"]),
    settings: { LB_REPLICA_ENV: JSON.stringify({ GATE: gate.address }) },
  });
  const clients = new Clients(fleet.port);
  const start = now();
  await clients.send(count, gate, room.signal);
  const risen = await stalled(gate, count, room.signal);
  await gate.open();
  const opened = now();
  await clients.finish();
  const ended = now();
  const { replicas } = await fleet.status();
  const counts = countsOf(clients.servers);
  return {
    requests: count,
    inFlight: clients.most,
    atReplicas: gate.most,
    risingMs: Math.round(risen - start),
    answeringMs: Math.round(ended - opened),
    replicas: serverNames(REPLICAS),
    answers: serverNames(REPLICAS).map((name) => counts.get(name) ?? 0),
    lost: clients.faults,
    restarts: replicas.reduce((sum, { restarts }) => sum + restarts, 0),
  };
}

/** Waits until the replicas have as many, or get no more. @returns when they got the last one */
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
  inFlight = 0;
  readonly #port: number;
  readonly #running: Promise<void>[] = [];

  constructor(port: number) {
    this.#port = port;
  }

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
      this.#running.push(this.#ask(await HttpConnection.open(this.#port), id));
    } catch (error) {
      this.#fail(id, error);
    }
  }

  async #ask(connection: HttpConnection, id: number): Promise<void> {
    this.most = Math.max(this.most, ++this.inFlight);
    try {
      this.servers.push(await hello(connection, idField(id)));
    } catch (error) {
      this.#fail(id, error);
    } finally {
      this.inFlight--;
      connection[Symbol.dispose]();
    }
  }

  #fail(id: number, error: unknown): void {
    if (!(error instanceof BrokenOff)) throw error;
    this.faults.push(`${id}: ${error.message}`);
  }
}
