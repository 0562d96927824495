/**
 * One change of the fleet, made completely or not at all.
 *
 * @module
 */
import type { View } from "../../view.ts";
import type { Fleet } from "../fleet.ts";
import type { Change } from "../spec/change.ts";
import { ChangeError } from "../spec/change_error.ts";
import { type ChangeContext, check } from "../spec/resolve.ts";
import { ConflictError } from "../store/store.ts";
import { type FleetSummary, type Made, notSaved, type OnMade, summaryOf } from "./change_report.ts";
import { allReady, isGone } from "./readiness.ts";

/** Attempts of a change while other balancers change the fleet, too. */
const TRIES = 10;

/** Returns the facts about the fleet that decide whether a change is possible. */
export function contextOf({ ringSpec, members, limit }: Fleet): ChangeContext {
  return { ringSpec, taken: new Set(members.map(({ name }) => name)), limit };
}

/** Makes changes of one fleet. The caller holds the lock that every change takes. */
export class ChangeTransaction {
  readonly #fleet: Fleet;

  constructor(fleet: Fleet) {
    this.#fleet = fleet;
  }

  /**
   * Starts the new replicas, saves the change, applies it in one view, and waits for the removed
   * replicas to drain and stop.
   *
   * @param resolveChange resolves the change against the fleet as it is then
   * @param onMade called when the change is made
   * @throws {ChangeError} nothing was changed
   */
  async make(resolveChange: () => Change, onMade: OnMade): Promise<Made> {
    const fleet = this.#fleet;
    const change = await this.#prepare(resolveChange);
    const [before, stood] = await this.#save(change);
    const after = fleet.view;
    onMade(stood, summaryOf(fleet));
    await fleet.until((members) => change.remove.every((name) => isGone(name, members)));
    const behind = await fleet.acknowledged();
    return { before, after, behind };
  }

  /** Starts new replicas and waits until they are ready. If that fails they are removed again. */
  async #prepare(resolveChange: () => Change): Promise<Change> {
    const fleet = this.#fleet;
    const change = await this.#admit(resolveChange);
    try {
      await fleet.until((members) => allReady(change.add, members));
    } catch (error) {
      await this.#withdraw(change.add);
      throw error;
    }
    return change;
  }

  /** Admits new replicas; resolves the change again if another balancer changed the fleet. */
  async #admit(resolveChange: () => Change): Promise<Change> {
    for (let tries = 1;; tries++) {
      const change = resolveChange();
      try {
        await this.#fleet.changes.add(change.add);
        return change;
      } catch (error) {
        if (!(error instanceof ConflictError) || tries === TRIES) throw notSaved(error);
      }
    }
  }

  async #withdraw(names: readonly string[]): Promise<void> {
    const fleet = this.#fleet;
    await fleet.changes.withdraw(names).catch((error) => {
      throw notSaved(error);
    });
    await fleet.until((members) => names.every((name) => isGone(name, members)));
  }

  /** Saves and applies the change. @returns the fleet directly before the view with the change */
  async #save(change: Change): Promise<[View, FleetSummary]> {
    const fleet = this.#fleet;
    let before: [View, FleetSummary] = [fleet.view, summaryOf(fleet)];
    const onBase = () => before = [fleet.view, summaryOf(fleet)];
    try {
      for (let tries = 1; !await this.#trySave(change, onBase, tries); tries++);
      return before;
    } catch (error) {
      await this.#withdraw(change.add);
      throw error instanceof ChangeError ? error : notSaved(error);
    }
  }

  /**
   * @returns false if another balancer's change came first, and this one is still possible
   * @throws {ChangeError} the other change made this one impossible
   */
  async #trySave(change: Change, onBase: () => void, tries: number): Promise<boolean> {
    try {
      await this.#fleet.changes.make(change, onBase);
      return true;
    } catch (error) {
      if (!(error instanceof ConflictError) || tries === TRIES) throw error;
      const { taken, ...context } = contextOf(this.#fleet);
      check(change, { ...context, taken: taken.difference(new Set(change.add)) });
      return false;
    }
  }
}
