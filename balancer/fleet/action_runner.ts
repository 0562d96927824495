/**
 * Carries out what was planned. Engine calls are slow: each one runs on its own and ends in an
 * event.
 *
 * @module
 */
import type { Logger } from "@logtape/logtape";
import { type Engine, EngineError } from "../engine/engine.ts";
import { errorMessage, type FailureLog } from "../failures.ts";
import type { DataPlane } from "../view.ts";
import type { Action } from "./plan.ts";
import type { MemberEvent } from "./transition.ts";

/** What an {@linkcode ActionRunner} is made of. */
export interface ActionRunnerOptions {
  readonly engine: Engine;
  readonly dataPlane: DataPlane;
  readonly log: Logger;
  readonly failures: FailureLog;
  /** Told how an action ended. */
  readonly report: (name: string, event: MemberEvent) => void;
  /** Told when an action failed because the engine could not be reached. */
  readonly onAway: (error: EngineError) => void;
}

/** Runs actions of the plan. */
export class ActionRunner {
  readonly #options: ActionRunnerOptions;

  constructor(options: ActionRunnerOptions) {
    this.#options = options;
  }

  /** Carries an action out and reports its end; never rejects. */
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
    const { engine, dataPlane, log } = this.#options;
    switch (action.type) {
      case "start":
        return { type: "started", instance: await engine.start(action.name) };
      case "stop":
        await engine.stop(action.id, action.graceMs);
        return { type: "stopped", id: action.id };
      case "drain": {
        const idle = await dataPlane.idle(action.id, {
          requestsMs: action.deadlineMs,
          streamsMs: action.deadlineMs,
        });
        if (!idle) log.warn("{name}: requests still run at the end of its drain", { ...action });
        return { type: "drained", id: action.id };
      }
    }
  }

  #failure(action: Action, error: unknown): MemberEvent {
    const message = errorMessage(error);
    const kind = error instanceof EngineError ? error.kind : "failed";
    if (error instanceof EngineError && kind === "away") this.#options.onAway(error);
    if (action.type === "start") return { type: "start-failed", message, kind };
    return { type: "stop-failed", id: action.id, message };
  }
}
