/**
 * The last minutes and the last day of the balancer, as series of figures.
 *
 * @module
 */
import { z } from "zod";
import { type AnswerOf, count, epochMs } from "./answer.ts";

const rate = (what: string) => z.array(z.number()).describe(`${what}, per second`);
const gauge = (what: string) => z.array(z.number()).describe(what);
const time = (what: string) =>
  z.array(z.number().nullable()).describe(`${what}, in milliseconds; null without such a request`);

/** The series, one value for each sample. */
const historySeries = z.object({
  "1xx": rate("Requests that ended as tunnels"),
  "2xx": rate("Requests that were answered 2xx"),
  "3xx": rate("Requests that were answered 3xx"),
  "4xx": rate("Requests that were answered 4xx"),
  "5xx": rate("Requests that were answered 5xx"),
  broken: rate("Responses that a replica broke off"),
  left: rate("Requests whose client left early"),
  p50Ms: time("Median of the time from a request's head to the end of its response"),
  p99Ms: time("The 99th percentile of the same time"),
  replicaP50Ms: time("Median of the time in a replica, from sending to the first byte"),
  replicaP99Ms: time("The 99th percentile of the same time"),
  holdP50Ms: time("Median of the waits for a replica"),
  holdP99Ms: time("The 99th percentile of the waits for a replica"),
  held: rate("Requests that waited for a replica"),
  retried: rate("Requests that were sent again"),
  spilled: rate("Requests that went to another replica than their owner"),
  lost: rate("Requests that the balancer answered 502, 503 or 504"),
  receivedBytes: rate("Bytes from clients"),
  sentBytes: rate("Bytes to clients"),
  holding: gauge("Requests that wait; the most at any second of the sample"),
  connections: gauge("Client connections; the most at any second of the sample"),
  ready: gauge("Ready replicas; the fewest at any second of the sample"),
  desired: gauge("Desired replicas"),
});

/** The series, one value for each sample. */
export type HistorySeries = AnswerOf<typeof historySeries>;

const mark = z.object({
  id: z.string().describe("Stays the same while the mark grows"),
  kind: z.enum(["incident", "deploy", "change", "engine"]),
  at: epochMs("When it began"),
  until: epochMs("When it ended; null while it lasts").nullable(),
  name: z.string().nullable().describe("The replica, where it concerns one"),
  text: z.string().describe("A few words"),
}).meta({ id: "HistoryMark", description: "An incident, a deploy, a change, or an outage" });

/** An incident, a deploy, a change, or an outage of the engine. */
export type HistoryMark = AnswerOf<typeof mark>;

/** The history. */
export const history = z.object({
  now: epochMs("The present time of the balancer"),
  stepMs: count("Milliseconds between two samples, as intended: `at` has the exact times"),
  bytes: count("Memory of the whole history, which does not grow"),
  at: z.array(epochMs("End of a sample")).describe("One for each sample, the oldest first"),
  series: historySeries,
  marks: z.array(mark).describe("The oldest first; the last 256 are kept"),
}).meta({
  id: "History",
  description: "Kept in memory: 15 minutes at one second, 24 hours at one minute. A start of the " +
    "balancer begins with an empty history",
});

/** `GET /_lb/history` */
export type History = AnswerOf<typeof history>;

/** The asked part of the history. */
export interface HistoryQuery {
  readonly step: "second" | "minute";
  /** Only what is newer, in milliseconds since the epoch. */
  readonly since: number;
}
