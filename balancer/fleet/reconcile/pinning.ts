/**
 * Keeps the image that a reference stood for when the first instance of it was started.
 *
 * @module
 */
import type { Instance } from "../../engine/engine.ts";
import type { Charter } from "../store/desired_state.ts";
import type { Roster } from "./roster.ts";
import { isUnpinned, sameWish } from "../spec/template.ts";

/** What the pinning changes. */
export interface PinningOptions {
  readonly roster: Roster;
  readonly charter: Charter;
  /** Saves the fleet, since its template changed. */
  readonly save: () => void;
}

/** Only the fleet's writer uses it. */
export class Pinning {
  readonly #options: PinningOptions;

  constructor(options: PinningOptions) {
    this.#options = options;
  }

  /** An instance was started: whatever asks for the same gets the image that this one got. */
  note({ template: runs }: Instance): void {
    if (runs?.imageId === undefined) return;
    const { roster, charter, save } = this.#options;
    for (const member of roster.all) {
      if (!isUnpinned(member.template) || !sameWish(member.template, runs)) continue;
      roster.set({ ...member, template: runs });
    }
    if (!isUnpinned(charter.template) || !sameWish(charter.template, runs)) return;
    charter.adopt({ template: runs });
    save();
  }
}
