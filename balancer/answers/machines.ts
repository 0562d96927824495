/**
 * The machines of an engine that has several.
 *
 * @module
 */
import { z } from "zod";
import type { AnswerOf } from "./answer.ts";

/** `GET /_lb/machines` */
export const machines = z.object({
  machines: z.array(z.object({
    name: z.string().describe("Its host name"),
    state: z.string().describe("ready, down, disconnected or unknown, as the engine sees it"),
    availability: z.enum(["active", "pause", "drain"])
      .describe("Whether it gets new instances: yes, no, or no and those that it has end"),
    replicas: z.array(z.string()).describe("Replicas whose instances run there"),
    spares: z.array(z.string()).describe("Spares that run there"),
  })).describe("Empty for an engine of one machine"),
}).meta({ id: "Machines" });

/** The machines, and the replicas on each. */
export type Machines = AnswerOf<typeof machines>;
