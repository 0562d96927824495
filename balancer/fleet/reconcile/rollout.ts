/**
 * Successors: instances that take over from replicas in a deploy, each under a name of its own
 * until then.
 *
 * @module
 */
import type { Clock } from "../../clock.ts";
import type { Template } from "../../engine/engine.ts";
import type { FleetPolicy } from "../member/policy.ts";
import { takeOver } from "../member/takeover.ts";
import type { Condition } from "./conditions.ts";
import type { Dispatcher } from "./dispatcher.ts";
import type { EventQueue } from "./event_queue.ts";
import type { Roster } from "./roster.ts";

/** Dependencies of a {@linkcode Rollout}. */
interface RolloutOptions {
  readonly queue: EventQueue;
  readonly roster: Roster;
  readonly dispatcher: Dispatcher;
  readonly clock: Clock;
  readonly policy: FleetPolicy;
  /** Waits until the members fulfil a condition. */
  readonly until: (condition: Condition) => Promise<void>;
}

/** Starts successors and lets them take over. */
export class Rollout {
  readonly #options: RolloutOptions;

  constructor(options: RolloutOptions) {
    this.#options = options;
  }

  /**
   * Starts a successor under {@linkcode successorName}.
   *
   * @param name the replica that it takes over from
   * @param template the successor's template
   */
  start(name: string, template: Template): void {
    const { queue, roster } = this.#options;
    queue.run(() => roster.admit({ name: successorName(name), successorOf: name, template }));
  }

  /**
   * Replaces the replica's instance with its successor's; the old instance drains and stops. Does
   * nothing if either is gone or the successor is not ready.
   */
  takeOver(name: string): void {
    const { queue, roster, dispatcher, clock, policy } = this.#options;
    queue.run(() => {
      const [target, successor] = [roster.get(name), roster.get(successorName(name))];
      if (!target || successor?.phase !== "ready") return;
      roster.delete(successor.name);
      dispatcher.update(target, takeOver(target, successor, { now: clock.now(), policy }));
    });
  }

  /** Removes a successor that did not become ready, and gives the replica its name back. */
  async abort(name: string): Promise<void> {
    const { queue, dispatcher, until } = this.#options;
    const successor = successorName(name);
    queue.run(() => dispatcher.apply(successor, { type: "leave" }));
    await until((members) => !members.has(successor));
    queue.run(() => dispatcher.apply(name, { type: "rename-due" }));
  }
}

/** Returns the name of a replica's successor. No replica can have such a name: it has a dot. */
export function successorName(name: string): string {
  return `${name}.next`;
}
