/**
 * Instances that are to take over from replicas in a deploy, each under a name of its own until
 * then.
 *
 * @module
 */
import type { Template } from "../../engine/engine.ts";
import type { Clock } from "../../clock.ts";
import type { Ledger } from "./dispatcher.ts";
import type { FleetPolicy } from "../member/policy.ts";
import type { Roster } from "./roster.ts";
import { succeeded } from "../member/takeover.ts";
import type { Condition } from "./conditions.ts";
import type { Writer } from "./event_queue.ts";

/** What {@linkcode Successors} are made of. */
export interface SuccessorsOptions {
  readonly writer: Writer;
  readonly roster: Roster;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly policy: FleetPolicy;
  /** Waits for the members to come to a state. */
  readonly until: (condition: Condition) => Promise<void>;
}

/** Starts successors and has them take over. */
export class Successors {
  readonly #options: SuccessorsOptions;

  constructor(options: SuccessorsOptions) {
    this.#options = options;
  }

  /**
   * Starts an instance that is to take over from a replica, under {@linkcode successorName}.
   *
   * @param name the replica
   * @param template what the instance runs
   */
  prepare(name: string, template: Template): void {
    const { writer, roster } = this.#options;
    writer.do(() => roster.admit({ name: successorName(name), succeeds: name, template }));
  }

  /** Has the successor, which is ready, take over from the replica, which drains and ends. */
  succeed(name: string): void {
    const { writer, roster, ledger, clock, policy } = this.#options;
    writer.do(() => {
      const [target, successor] = [roster.get(name), roster.get(successorName(name))];
      if (!target || successor?.phase !== "ready") return;
      roster.delete(successor.name);
      ledger.change(target, succeeded(target, successor, clock.now(), policy));
    });
  }

  /** Takes a successor away that did not become ready, and gives its name back. */
  async giveUp(name: string): Promise<void> {
    const { writer, ledger, until } = this.#options;
    const successor = successorName(name);
    writer.do(() => ledger.move(successor, { type: "leave" }));
    await until((members) => !members.has(successor));
    writer.do(() => ledger.move(name, { type: "misnamed" }));
  }
}

/** The name of the instance that is to take over from a replica; no replica can have such a one. */
export function successorName(name: string): string {
  return `${name}.next`;
}
