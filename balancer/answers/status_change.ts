/**
 * Changes of the status, as event streams send them.
 *
 * @module
 */
import { z } from "zod";
import { type AnswerOf, epochMs } from "./answer.ts";
import { fleetEvent } from "./event.ts";
import { status } from "./fleet.ts";

/** A change of the status. */
const statusChange = z.object({
  type: z.literal("status"),
  at: epochMs("When the status was read"),
  fields: status.omit({ replicas: true }).partial()
    .describe("Every field with another value than before, replicas apart"),
  replicas: status.shape.replicas.describe("The replicas that are new or have changed, as a whole"),
  order: z.array(z.string()).exactOptional().describe(
    "Names of all replicas in their order; left out if they are the same as before",
  ),
}).describe(
  "The status has changed (`status=true`); without an id, and the first has the whole status",
);

/** A change of the status; the first of a stream has every field and every replica. */
export type StatusChange = AnswerOf<typeof statusChange>;

/** A message of `GET /_lb/events`. */
export const streamedEvent = z.discriminatedUnion("type", [fleetEvent, statusChange])
  .meta({ id: "StreamedEvent" });

/** A message of `GET /_lb/events`. */
export type StreamedEvent = AnswerOf<typeof streamedEvent>;
