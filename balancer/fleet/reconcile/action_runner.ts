/**
 * Runs planned actions. Engine calls are slow, so each one runs on its own and ends in an event.
 *
 * @module
 */
import type { Logger } from "@logtape/logtape";
import { type Engine, EngineError, type Launch } from "../../engine/engine.ts";
import { errorMessage, type FailureLog } from "../../failures.ts";
import type { DataPlane } from "../../view.ts";
import type { Action } from "../plan/actions.ts";
import type { Removals } from "./removals.ts";
import type { MemberEvent } from "../member/transition.ts";

/** Dependencies of an {@linkcode ActionRunner}. */
interface ActionRunnerOptions {
  readonly engine: Engine;
  readonly dataPlane: DataPlane;
  readonly removals: Removals;
  readonly log: Logger;
  readonly failures: FailureLog;
  /** Called with the event that an action ended in. */
  readonly report: (name: string, event: MemberEvent) => void;
  /**
   * Returns the ids of a name's known instances, if other balancers may start instances, too; see
   * `Launch.known`.
   */
  readonly known?: (name: string) => readonly string[];
  /** Returns the machines whose instances failed without an exit; see `Launch.avoid`. */
  readonly suspectMachines: () => readonly string[];
  /** Called when an action failed because the engine is unreachable. */
  readonly onDown: (error: EngineError) => void;
}

/**
 * Longest wait for the exit of an instance whose connections broke, before it is stopped, in
 * milliseconds. Its replacement does not wait for this.
 */
const ENDING_MS = 250;

/** Runs actions. */
export class ActionRunner {
  readonly #options: ActionRunnerOptions;

  constructor(options: ActionRunnerOptions) {
    this.#options = options;
  }

  /** Runs an action and reports the event that it ended in. Never rejects. */
  async run(action: Action): Promise<void> {
    const { report, failures } = this.#options;
    try {
      report(action.name, await this.#outcome(action));
    } catch (error) {
      failures.record(`engine.${action.type}`, error);
      report(action.name, this.#failure(action, error));
    }
  }

  async #outcome(action: Action): Promise<MemberEvent> {
    const { engine, dataPlane, removals, log } = this.#options;
    switch (action.type) {
      case "start":
        return { type: "started", instance: await engine.start(this.#launch(action.launch)) };
      case "rename":
        await engine.rename(action.id, action.name);
        return { type: "renamed", id: action.id };
      case "stop":
        if (action.collectOutput) await this.#collectOutput(action.name, action.id);
        await removals.stop(action);
        return { type: "stopped", id: action.id };
      case "drain": {
        const idle = await dataPlane.idle(action.id, action.deadlines);
        if (!idle) log.warn("{name}: requests still run at the end of its drain", { ...action });
        return { type: "drained", id: action.id };
      }
    }
  }

  #launch(launch: Launch): Launch {
    const known = this.#options.known?.(launch.name);
    const avoid = this.#options.suspectMachines();
    return { ...launch, ...(known && { known }), ...(avoid.length > 0 && { avoid }) };
  }

  /** Collects how a failed instance ended and what it wrote, before it is removed. */
  async #collectOutput(name: string, instance: string): Promise<void> {
    const { engine, report, failures } = this.#options;
    try {
      const exit = await engine.ending(instance, ENDING_MS);
      const lines = await engine.readOutputTail(instance);
      const ending = exit === undefined ? {} : { exit };
      report(name, { type: "output-tail", instance, lines, ...ending });
    } catch (error) {
      failures.record("engine.lastWords", error);
    }
  }

  #failure(action: Action, error: unknown): MemberEvent {
    const message = errorMessage(error);
    const kind = error instanceof EngineError ? error.kind : "failed";
    if (error instanceof EngineError && kind === "away") this.#options.onDown(error);
    if (action.type === "start") return { type: "start-failed", message, kind };
    if (action.type === "rename") return { type: "renamed", id: action.id, failed: message };
    return { type: "stop-failed", id: action.id, message };
  }
}
