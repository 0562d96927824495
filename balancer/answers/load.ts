/**
 * A few figures about the load, for polling about once a second.
 *
 * @module
 */
import { z } from "zod";
import { type AnswerOf, count, epochMs } from "./answer.ts";

const errors = count("Those of them that were answered 5xx or broke off");

const replica = z.object({
  requests: count("Answered by it, since it joined"),
  errors,
  inFlight: count("Right now"),
  p50Ms: z.number().nullable().describe(
    "Median of the time in the replica, from sending a request to the first byte of its answer, " +
      "without waits for any replica: over the last ten seconds or so; null without answers",
  ),
  p99Ms: z.number().nullable().describe("The 99th percentile of the same time"),
  holdP99Ms: z.number().nullable().describe(
    "The 99th percentile of the waits of its requests for it, over the same time; null without",
  ),
});

/** The load of one replica. */
export type ReplicaLoad = AnswerOf<typeof replica>;

/** The load. */
export const load = z.object({
  at: epochMs("When it was read"),
  requests: count("That came to their end through the data plane, calls of this API apart"),
  errors,
  held: count("Waited for a replica"),
  retried: count("Sent again after a failed attempt"),
  spilled: count("Sent to another replica than their owner"),
  lost: count("Answered 502, 503 or 504 by the balancer"),
  holding: count("Wait right now"),
  connections: count("Of clients, right now"),
  replicas: z.record(z.string(), replica),
}).meta({
  id: "Load",
  description: "Counts are cumulative since the balancer's start: a reader takes differences",
});

/** `GET /_lb/load` */
export type Load = AnswerOf<typeof load>;
