/**
 * Stress: 10,000 requests in flight at the same moment.
 *
 * @module
 */
import { complain } from "../../tools/print.ts";
import { eventually, now } from "../clock.ts";
import { BrokenOff, HttpConnection } from "../http_connection.ts";
import { describeMachine } from "../machine.ts";
import { hello, idField, REQUESTS } from "./census.ts";
import { commandOf } from "./command.ts";
import { Fleet } from "./fleet.ts";
import { Gate } from "./gate.ts";
import { serverNames } from "./layouts.ts";
import type { Part } from "./part.ts";
import type { Room } from "./room.ts";
import { countsOf } from "./statistics.ts";
import { stressReport } from "./stress_report.ts";

/** What was found. */
export interface StressData {
  readonly requests: number;
  /** The most requests that were sent and not answered at one moment, as their clients counted. */
  readonly inFlight: number;
  /** The most that the replicas had in hand at one moment, all together. */
  readonly atReplicas: number;
  /** Milliseconds from the first request to all in flight, and from then to the last answer. */
  readonly risingMs: number;
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

const REPLICAS = 3;
/** Connections that are opened at the same time: fewer than listeners keep waiting. */
const OPENING = 200;
/** Milliseconds that all requests may take to reach the replicas; then the gate opens anyway. */
const RISE_MS = 30_000;

/** The stress test. */
export const stress: Part<StressData> = {
  name: "stress",
  title: "10,000 requests in flight at once",
  engine: "process",
  measure,
  charts: () => [],
  rows: ({ replicas, answers, inFlight, atReplicas, lost }) =>
    replicas.map((replica, at) => ({
      ...{ replica, answers: answers[at] ?? 0, inFlight, atReplicas, lost: lost.length },
    })),
  report: stressReport,
};

async function measure(room: Room): Promise<StressData> {
  using gate = new Gate();
  await using fleet = await Fleet.start(room, {
    replicas: REPLICAS,
    command: commandOf("waiting_replica.ts", ["GATE"]),
    settings: { LB_REPLICA_ENV: JSON.stringify({ GATE: gate.address }) },
  });
  const clients = new Clients(fleet.port);
  const start = now();
  await clients.send(REQUESTS, room.signal);
  await eventually(() => Promise.resolve(gate.most >= REQUESTS), RISE_MS, room.signal);
  const risen = now();
  complain(`  ${clients.inFlight} in flight, ${gate.most} at the replicas`);
  await gate.open();
  await clients.finish();
  const answeringMs = now() - risen;
  const { replicas } = await fleet.status();
  const counts = countsOf(clients.servers);
  return {
    requests: REQUESTS,
    inFlight: clients.most,
    atReplicas: gate.most,
    risingMs: Math.round(risen - start),
    answeringMs: Math.round(answeringMs),
    replicas: serverNames(REPLICAS),
    answers: serverNames(REPLICAS).map((name) => counts.get(name) ?? 0),
    lost: clients.faults,
    restarts: replicas.reduce((sum, { restarts }) => sum + restarts, 0),
    openFiles: Number((await describeMachine())["openFiles"]),
  };
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
  async send(count: number, signal: AbortSignal): Promise<void> {
    let next = 0;
    const opener = async () => {
      while (next < count && !signal.aborted) await this.#sendOne(next++);
    };
    await Promise.all(Array.from({ length: OPENING }, opener));
    signal.throwIfAborted();
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
