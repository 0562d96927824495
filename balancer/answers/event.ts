/**
 * Events of the fleet, as event streams send them.
 *
 * @module
 */
import { z } from "zod";
import { type AnswerOf, count, epochMs } from "./answer.ts";
import { incident } from "./incident.ts";

const any = { id: count("Its place in the order of all"), at: epochMs("When") };
const instance = z.string().exactOptional();
const reason = z.string().exactOptional();

/** An event of the fleet. */
export const fleetEvent = z.discriminatedUnion("type", [
  z.object({
    ...any,
    type: z.literal("replica"),
    name: z.string(),
    from: z.string(),
    to: z.string(),
    instance,
    reason,
  }).describe("A replica went from one state to another"),
  z.object({
    ...any,
    type: z.literal("view"),
    version: count("Its version"),
    ready: z.array(z.string()).describe("Who takes requests"),
    awaited: z.array(z.string()).describe("Who is being replaced"),
  }).describe("Requests are routed by another view"),
  z.object({ ...any, type: z.literal("engine"), up: z.boolean() })
    .describe("The engine went away, or answers again"),
  z.object({ ...any, type: z.literal("incident"), incident })
    .describe("A failure is over, and its costs are known"),
  z.object({
    ...any,
    type: z.literal("deploy"),
    step: z.string(),
    name: z.string().exactOptional(),
    forMs: count("Milliseconds that a new instance has to stay ready").exactOptional(),
    reason,
  }).describe("A deploy made a step"),
]).meta({ id: "FleetEvent" });

/** An event of `GET /_lb/events`. */
export type FleetEvent = AnswerOf<typeof fleetEvent>;

/** A step of a deploy. */
export const deployStep = z.object({
  step: z.enum([
    "pulling",
    "delegated",
    "starting",
    "draining",
    "replaced",
    "watching",
    "rolling-back",
    "not-rolled-back",
    "done",
    "rolled-back",
  ]),
  name: z.string().exactOptional().describe("The replica that is being replaced"),
  forMs: count("Milliseconds that its new instance has to stay ready; step watching")
    .exactOptional(),
  reason,
}).meta({
  id: "DeployStep",
  description:
    "delegated: another balancer, which heals the fleet, runs the deploy. The last is done or, where a new instance did not become or stay ready, rolled-back",
});

/** An event of `POST /_lb/deploy`. */
export type DeployStep = AnswerOf<typeof deployStep>;
