/**
 * Compares the members with the instances that the engine lists, each time the engine was
 * unreachable in between.
 *
 * @module
 */
import type { Logger } from "@logtape/logtape";
import type { Instance, Remains } from "../../engine/engine.ts";
import type { FleetPolicy } from "../member/policy.ts";
import type { DesiredState } from "../store/desired_state.ts";
import { isLeaving } from "../member/member.ts";
import type { Dispatcher } from "./dispatcher.ts";
import type { Removals } from "./removals.ts";
import type { EngineListing, Roster } from "./roster.ts";

/** Dependencies of an {@linkcode Inventory}. */
interface InventoryOptions {
  readonly removals: Removals;
  readonly roster: Roster;
  readonly dispatcher: Dispatcher;
  readonly desiredState: DesiredState;
  readonly policy: FleetPolicy;
  readonly log: Logger;
}

/** Brings the members in line with the engine's list. Only the fleet's writer uses it. */
export class Inventory {
  readonly #options: InventoryOptions;
  #complete = false;

  constructor(options: InventoryOptions) {
    this.#options = options;
  }

  /** Whether the engine has listed its instances once, so that the members are known. */
  get complete(): boolean {
    return this.#complete;
  }

  /**
   * Takes a listing. The first one restores the members from the saved state and the instances.
   *
   * @param listing instances that the engine lists
   * @param mayHeal whether this balancer adopts and removes instances; false while another one does
   * @returns whether it was the first one
   */
  take(listing: EngineListing, mayHeal = true): boolean {
    const first = !this.#complete;
    if (first) this.#restore(listing, mayHeal);
    this.#complete = true;
    if (mayHeal) this.#admitSpares(listing);
    this.#compare(listing, mayHeal);
    this.#dispatchHealth(listing.running);
    return first;
  }

  #restore(listing: EngineListing, mayHeal: boolean): void {
    const { desiredState, roster } = this.#options;
    desiredState.recover(listing.running);
    desiredState.takeUp(listing);
    const { template } = desiredState;
    for (const admission of roster.restore(listing, desiredState)) {
      if (admission.spare && !mayHeal) continue;
      roster.admit({ template, ...admission });
    }
  }

  /** Spares that another balancer started are kept by the one that heals. */
  #admitSpares({ running }: EngineListing): void {
    const { roster, policy, desiredState: { template } } = this.#options;
    for (const instance of running) {
      const spares = roster.all.filter((member) => member.spare && !isLeaving(member));
      if (!instance.spare || spares.length >= policy.spares || !roster.isUnknown(instance)) {
        continue;
      }
      roster.admit({ name: instance.name, spare: true, template });
    }
  }

  #compare({ running, remains, askedAt }: EngineListing, mayHeal: boolean): void {
    const { roster, dispatcher } = this.#options;
    for (const id of roster.missing(running, askedAt)) {
      dispatcher.dispatch({ type: "exit", id, reason: "gone when the engine was asked" });
    }
    if (!mayHeal) return;
    for (const instance of running) this.#adopt(instance);
    for (const one of remains) if (roster.isUnknown(one)) this.#remove(one);
  }

  /** Gives a running instance to the member of its name if that has none; removes it otherwise. */
  #adopt(instance: Instance): void {
    const { roster, dispatcher, log } = this.#options;
    const member = roster.get(instance.name);
    if (!roster.isUnknown(instance)) return;
    if (member?.phase !== "waiting" || member.spare !== instance.spare) {
      return this.#remove(instance);
    }
    log.info("{name}: took over {id}", { name: instance.name, id: instance.id });
    // The member keeps the instance's template: a deploy may have been in progress.
    if (instance.template) roster.set({ ...member, template: instance.template });
    dispatcher.apply(instance.name, { type: "started", instance });
  }

  #remove({ id, name }: Remains): void {
    const { removals, policy, log } = this.#options;
    if (removals.has(id)) return;
    log.warn("{name}: {id} belongs to no replica; removing it", { name, id });
    removals.clear({ id, name, graceMs: policy.stopGraceMs });
  }

  #dispatchHealth(running: readonly Instance[]): void {
    for (const { id, unhealthy } of running) {
      const reason = unhealthy === undefined ? {} : { reason: unhealthy };
      this.#options.dispatcher.dispatch({ type: "health", id, ...reason });
    }
  }
}
