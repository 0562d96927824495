/**
 * The log settings.
 *
 * @module
 */
import { z } from "zod";
import { LEVELS } from "../log/log_controls.ts";
import type { AnswerOf } from "./answer.ts";

/** The log settings in force. */
export const logState = z.object({
  level: z.enum(LEVELS).describe("The least severe level that is written"),
  access: z.union([z.enum(["off", "full"]), z.number().gt(0).lt(1)])
    .describe("Of which requests the access log tells: of none, of all, or of that part of them"),
}).meta({ id: "LogState", description: "Log level and access log, until the balancer restarts" });

/** `GET /_lb/log` */
export type LogState = AnswerOf<typeof logState>;
