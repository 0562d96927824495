/**
 * The progress of a deploy, and its text form. Pure.
 *
 * @module
 */
import type { DeployStep } from "../../balancer/answers/event.ts";
import { plain } from "./figures.ts";
import type { Paint } from "./paint.ts";

type ReplicaState = "waiting" | "starting" | "draining" | "watched" | "replaced" | "restored";

/** The progress of a deploy. */
export interface DeployProgress {
  readonly states: ReadonlyMap<string, ReplicaState>;
  readonly phase: "preparing" | "replacing" | "rolling back" | "done" | "rolled back";
  /** The reason for waiting or rolling back. */
  readonly reason?: string | undefined;
}

/** The format of the progress. */
interface DeployLook {
  readonly paint: Paint;
  /** Lines of the terminal. */
  readonly height: number;
}

const BAR = 24;

/** States of a replica whose new instance serves. */
const DONE: ReadonlySet<ReplicaState> = new Set(["replaced", "watched"]);

/**
 * Returns the progress of a new deploy.
 *
 * @param names the replicas, in the order in which they are replaced
 */
export function beginDeploy(names: readonly string[]): DeployProgress {
  return { states: new Map(names.map((name) => [name, "waiting"])), phase: "preparing" };
}

/**
 * The progress after a step.
 *
 * @param progress the progress before
 * @param step the step
 */
export function nextStep(progress: DeployProgress, step: DeployStep): DeployProgress {
  const phase = phaseAfter(progress, step);
  const states = new Map(progress.states);
  // The watching period is over when the next step arrives.
  if (phase !== "rolling back") settle(states);
  const state = stateAfter(step, phase);
  if (state && step.name !== undefined) states.set(step.name, state);
  return { states, phase, reason: reasonAfter(progress, step, phase) };
}

function settle(states: Map<string, ReplicaState>): void {
  for (const [name, state] of states) if (state === "watched") states.set(name, "replaced");
}

function phaseAfter({ phase }: DeployProgress, { step }: DeployStep): DeployProgress["phase"] {
  if (step === "done") return "done";
  if (step === "rolled-back") return "rolled back";
  if (step === "rolling-back" || phase === "rolling back") return "rolling back";
  return step === "pulling" ? "preparing" : "replacing";
}

function stateAfter(
  { step }: DeployStep,
  phase: DeployProgress["phase"],
): ReplicaState | undefined {
  if (step === "starting" || step === "draining") return step;
  if (step === "watching") return "watched";
  if (step === "replaced") return phase === "rolling back" ? "restored" : "replaced";
  return undefined;
}

function reasonAfter(
  before: DeployProgress,
  { reason }: DeployStep,
  phase: DeployProgress["phase"],
): string | undefined {
  if (reason !== undefined) return plain(reason);
  return phase === "rolling back" || phase === "rolled back" ? before.reason : undefined;
}

/**
 * Formats the block on a terminal: a bar, and one line per replica as far as they fit.
 *
 * @param progress the progress
 * @param elapsedMs milliseconds since it began
 * @param look colours and size
 */
export function deployLines(
  progress: DeployProgress,
  elapsedMs: number,
  { paint, height }: DeployLook,
): string[] {
  const { states, phase, reason } = progress;
  const done = [...states.values()].filter((state) => DONE.has(state)).length;
  const head = `deploy: ${phase}, ${done} of ${states.size} replaced, ` +
    `${Math.floor(elapsedMs / 1000)} s`;
  return [
    `${bar(done, states.size, paint)} ${painted(phase, head, paint)}`,
    ...(reason === undefined ? [] : [`  ${reason}`]),
    ...visible([...states], height - 3).map(([name, state]) => replicaLine(name, state, paint)),
  ];
}

function bar(done: number, all: number, paint: Paint): string {
  const filled = all === 0 ? BAR : Math.floor(BAR * done / all);
  return `[${paint.green("#".repeat(filled))}${"-".repeat(BAR - filled)}]`;
}

function painted(phase: DeployProgress["phase"], text: string, paint: Paint): string {
  if (phase === "done") return paint.green(text);
  return phase === "rolling back" || phase === "rolled back" ? paint.red(text) : text;
}

function replicaLine(name: string, state: ReplicaState, paint: Paint): string {
  const text = STATES[state];
  const colour = state === "replaced"
    ? paint.green
    : state === "waiting"
    ? paint.dim
    : paint.yellow;
  return `  ${name}  ${colour(text)}`;
}

const STATES: Readonly<Record<ReplicaState, string>> = {
  waiting: "waits",
  starting: "starts",
  draining: "ready, the old instance drains",
  watched: "serves, has to stay ready",
  replaced: "replaced",
  restored: "runs its old template again",
};

/** As many replicas as fit, including those being replaced. */
function visible<T extends readonly [string, ReplicaState]>(all: T[], room: number): T[] {
  const lines = Math.max(1, room);
  if (all.length <= lines) return all;
  const working = Math.max(0, all.findIndex(([, state]) => state !== "replaced"));
  const first = Math.min(Math.max(0, working - Math.floor(lines / 2)), all.length - lines);
  return all.slice(first, first + lines);
}

/**
 * Formats one step as a line, for output that is not a terminal.
 *
 * @param step the step
 */
export function stepLine({ step, name, forMs, reason }: DeployStep): string {
  const what = step === "watching" && forMs !== undefined
    ? `has to stay ready for ${forMs} ms`
    : step.replaceAll("-", " ");
  const subject = name === undefined ? "" : `${name}: `;
  return `${subject}${what}${reason === undefined ? "" : ` (${plain(reason)})`}`;
}
