/**
 * Pins image references: the image of the first instance of a reference is used for all later ones.
 *
 * @module
 */
import type { Instance } from "../../engine/engine.ts";
import type { DesiredState } from "../store/desired_state.ts";
import type { Roster } from "./roster.ts";
import { isUnpinned, sameRequest } from "../spec/template.ts";

/** Dependencies of a {@linkcode Pinning}. */
interface PinningOptions {
  readonly roster: Roster;
  readonly desiredState: DesiredState;
  /** Saves the fleet, because its template changed. */
  readonly save: () => void;
}

/** Only the fleet's writer uses it. */
export class Pinning {
  readonly #options: PinningOptions;

  constructor(options: PinningOptions) {
    this.#options = options;
  }

  /** Pins the reference for every member and for the fleet, after an instance of it was started. */
  note({ template: runs }: Instance): void {
    if (runs?.imageId === undefined) return;
    const { roster, desiredState, save } = this.#options;
    for (const member of roster.all) {
      if (!isUnpinned(member.template) || !sameRequest(member.template, runs)) continue;
      roster.set({ ...member, template: runs });
    }
    if (!isUnpinned(desiredState.template) || !sameRequest(desiredState.template, runs)) return;
    desiredState.adopt({ template: runs });
    save();
  }
}
