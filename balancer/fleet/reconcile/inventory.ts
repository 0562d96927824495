/**
 * Makes the members agree with what the engine says is there, whenever that was asked anew.
 *
 * @module
 */
import type { Logger } from "@logtape/logtape";
import type { Instance, Remains } from "../../engine/engine.ts";
import type { Dispatcher } from "./dispatcher.ts";
import type { FleetPolicy } from "../member/policy.ts";
import type { Removals } from "./removals.ts";
import type { Roster } from "./roster.ts";

/** What a {@linkcode Inventory} is made of. */
export interface InventoryOptions {
  readonly removals: Removals;
  readonly roster: Roster;
  readonly dispatcher: Dispatcher;
  readonly policy: FleetPolicy;
  readonly log: Logger;
}

/** What the engine said. */
export interface EngineListing {
  readonly running: readonly Instance[];
  readonly remains: readonly Remains[];
  /** When it was asked, milliseconds since the epoch. */
  readonly askedAt: number;
}

/** Compares members with what is there. */
export class Inventory {
  readonly #options: InventoryOptions;

  constructor(options: InventoryOptions) {
    this.#options = options;
  }

  /** What is gone has ended; what runs is known, taken over or nobody's. */
  take({ running, remains, askedAt }: EngineListing): void {
    const { roster, dispatcher } = this.#options;
    for (const id of roster.missing(running, askedAt)) {
      dispatcher.dispatch({ type: "exit", id, reason: "gone when the engine was asked" });
    }
    for (const instance of running) this.#claim(instance);
    for (const one of remains) if (roster.isUnknown(one)) this.#clearAway(one);
  }

  #claim(instance: Instance): void {
    const { roster, dispatcher, log } = this.#options;
    const member = roster.get(instance.name);
    if (!roster.isUnknown(instance)) return;
    if (member?.phase === "waiting" && member.spare === instance.spare) {
      log.info("{name}: took over {id}", { name: instance.name, id: instance.id });
      // It goes on as what it is: a deploy may have been under way.
      if (instance.template) roster.set({ ...member, template: instance.template });
      dispatcher.apply(instance.name, { type: "started", instance });
    } else {
      this.#clearAway(instance);
    }
  }

  #clearAway({ id, name }: Remains): void {
    const { removals, policy, log } = this.#options;
    if (removals.has(id)) return;
    log.warn("{name}: {id} belongs to no replica; removing it", { name, id });
    removals.clear({ id, name, graceMs: policy.stopGraceMs });
  }
}
