/**
 * The steps of a deploy, from the stream of events. Pure.
 *
 * @module
 */
import type { FleetEvent } from "../../answers/event.ts";

/** A step of a deploy. */
export type DeployEvent = Extract<FleetEvent, { type: "deploy" }>;

/** A deploy, with all of its steps so far. */
export interface ShownDeploy {
  readonly steps: readonly DeployEvent[];
  readonly over: boolean;
}

const LAST: ReadonlySet<string> = new Set(["done", "rolled-back"]);

/** Limit on kept steps, the newest. */
const KEPT = 500;

/**
 * Adds a step; the first step after the end of a deploy begins another one.
 *
 * @param deploy the deploy so far
 * @param step the next step
 */
export function afterDeployStep(
  deploy: ShownDeploy | undefined,
  step: DeployEvent,
): ShownDeploy {
  const before = deploy && !deploy.over ? deploy.steps : [];
  return { steps: [...before, step].slice(-KEPT), over: LAST.has(step.step) };
}

/**
 * The progress of a deploy: how many replicas were replaced.
 *
 * @param deploy the deploy
 */
export function replacedNames({ steps }: ShownDeploy): string[] {
  return steps.flatMap(({ step, name }) => step === "replaced" && name !== undefined ? [name] : []);
}

/** Describes a step. */
export function stepText({ step, name, forMs, reason }: DeployEvent): string {
  const of = name ?? "";
  const words: Readonly<Record<string, string>> = {
    pulling: "pulling the image",
    starting: `starting a new instance of ${of}`,
    draining: `draining the old instance of ${of}`,
    replaced: `${of} replaced`,
    watching: `watching ${of}${forMs === undefined ? "" : ` for ${forMs / 1000} s`}`,
    "rolling-back": `rolling ${of || "all replicas"} back`,
    "not-rolled-back": `${of} could not be rolled back`,
    done: "done",
    "rolled-back": "rolled back",
  };
  const text = words[step] ?? `${step} ${of}`;
  return reason === undefined ? text : `${text}: ${reason}`;
}
