/**
 * Failures, their heals, and the cost to requests.
 *
 * @module
 */
import { z } from "zod";
import { type AnswerOf, count, time } from "./answer.ts";

/** A step of a heal. */
function step(what: string) {
  return z.number().nullable().describe(what);
}

/** One failure of one replica, and its heal. */
export const incident = z.object({
  id: count("Counts from 1 with the balancer's start"),
  name: z.string(),
  at: time("The first sign"),
  endedAt: time("When it was closed").nullable().describe(
    "When it was closed; null while it is being healed. With `release` null it was not healed: " +
      "the replica failed again before it was ready, or was removed",
  ),
  signal: z.string().describe("The first sign of the failure, in words"),
  exit: z.string().nullable()
    .describe("How the instance ended, as the engine reported it: exit code, out of memory"),
  lastWords: z.array(z.string()).describe("The last lines that the instance wrote"),
  served: z.boolean()
    .describe("False where the replica had not been ready before: its first starts failed"),
  failedStarts: count("Starts that failed during the incident"),
  startFailure: z.string().nullable().describe("Why the last of them failed"),
  evidence: z.record(z.string(), count("How often"))
    .describe("What the data plane had noticed about the instance before"),
  instance: z.string().nullable()
    .describe("The instance that failed; null where the engine could not start one"),
  replacement: z.string().nullable().describe("The instance that took over"),
  spare: z.boolean().describe("Whether that was a spare"),
  timings: z.object({
    signal: z.number().describe("The signal that decided it"),
    eject: step("A view without the instance was published"),
    unrouted: step("Every worker routed by that view"),
    create: step("The engine was asked to create the replacement, or a spare took the name"),
    started: step("The engine had started it"),
    ready: step("The replacement passed its first heartbeat"),
    release: step("Every worker routed to it, and the waiting requests were released"),
  }).describe("Milliseconds after the first sign; null for a step that has not happened"),
  requests: z.object({
    held: count("Waited for it"),
    retried: count("Sent again after a failed attempt"),
    spilled: count("Sent to another replica"),
    lost: count("Answered 502, 503 or 504 by the balancer"),
    broken: count("Broke off in the middle of the response"),
    longestHoldMs: z.number().describe("The longest wait for it, in milliseconds"),
  }).describe("What became of the requests for it"),
}).meta({ id: "Incident", description: "One failure of one replica, and its heal" });

/** One failure of one replica, and its heal. */
export type Incident = AnswerOf<typeof incident>;

/** All incidents that are kept. */
export const incidents = z.object({
  incidents: z.array(incident).describe("The newest first"),
}).meta({ id: "Incidents" });

/** `GET /_lb/incidents` */
export type Incidents = AnswerOf<typeof incidents>;

/** The result of a drill. */
export const drillReport = z.object({
  passed: z.boolean(),
  missed: z.array(z.string()).describe("What was not kept, in words"),
  objective: z.object({
    lost: count("So many requests may be lost"),
    fullRingMs: count("Bound on the time until the ring is full again, in milliseconds"),
    p99Ms: count("99th percentile of the duration, in milliseconds").optional(),
  }),
  load: z.object({
    requests: count("Sent"),
    lost: count("Answered 5xx, or not at all"),
    statuses: z.record(z.string(), count("How often"))
      .describe("By status; 0 stands for no answer"),
    p50Ms: z.number(),
    p99Ms: z.number(),
    slowestMs: z.number(),
  }),
  incident: incident.nullable(),
}).meta({ id: "DrillReport" });

/** `POST /_lb/drill` */
export type DrillReport = AnswerOf<typeof drillReport>;
