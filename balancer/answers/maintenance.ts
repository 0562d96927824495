/**
 * The maintenance of the whole.
 *
 * @module
 */
import { z } from "zod";
import { type AnswerOf, count, time } from "./answer.ts";

/** A maintenance under way. */
export const maintenance = z.object({
  message: z.string().describe("Text of the responses to clients"),
  retryAfterS: count("Seconds after which clients should try again: Retry-After"),
  allow: z.array(z.string()).describe("Networks whose clients are served all the same"),
  since: time("When it began"),
}).meta({ id: "Maintenance" });

/** `GET /_lb/maintenance` */
export const maintenanceState = z.object({
  maintenance: maintenance.nullable().describe("null while there is none"),
}).meta({ id: "MaintenanceState" });

/** The state of the maintenance switch. */
export type MaintenanceAnswer = AnswerOf<typeof maintenanceState>;
