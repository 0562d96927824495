/**
 * Instances that are to take over from replicas in a deploy, each under a name of its own until
 * then.
 *
 * @module
 */
import type { Template } from "../../engine/engine.ts";
import type { Clock } from "../../clock.ts";
import type { Dispatcher } from "./dispatcher.ts";
import type { FleetPolicy } from "../member/policy.ts";
import type { Roster } from "./roster.ts";
import { takeOver } from "../member/takeover.ts";
import type { Condition } from "./conditions.ts";
import type { EventQueue } from "./event_queue.ts";

/** What {@linkcode Rollout} are made of. */
export interface RolloutOptions {
  readonly queue: EventQueue;
  readonly roster: Roster;
  readonly dispatcher: Dispatcher;
  readonly clock: Clock;
  readonly policy: FleetPolicy;
  /** Waits for the members to come to a state. */
  readonly until: (condition: Condition) => Promise<void>;
}

/** Starts successors and has them take over. */
export class Rollout {
  readonly #options: RolloutOptions;

  constructor(options: RolloutOptions) {
    this.#options = options;
  }

  /**
   * Starts an instance that is to take over from a replica, under {@linkcode successorName}.
   *
   * @param name the replica
   * @param template what the instance runs
   */
  start(name: string, template: Template): void {
    const { queue, roster } = this.#options;
    queue.run(() => roster.admit({ name: successorName(name), successorOf: name, template }));
  }

  /** Has the successor, which is ready, take over from the replica, which drains and ends. */
  takeOver(name: string): void {
    const { queue, roster, dispatcher, clock, policy } = this.#options;
    queue.run(() => {
      const [target, successor] = [roster.get(name), roster.get(successorName(name))];
      if (!target || successor?.phase !== "ready") return;
      roster.delete(successor.name);
      dispatcher.update(target, takeOver(target, successor, clock.now(), policy));
    });
  }

  /** Takes a successor away that did not become ready, and gives its name back. */
  async abort(name: string): Promise<void> {
    const { queue, dispatcher, until } = this.#options;
    const successor = successorName(name);
    queue.run(() => dispatcher.apply(successor, { type: "leave" }));
    await until((members) => !members.has(successor));
    queue.run(() => dispatcher.apply(name, { type: "rename-due" }));
  }
}

/** The name of the instance that is to take over from a replica; no replica can have such a one. */
export function successorName(name: string): string {
  return `${name}.next`;
}
