/**
 * The walks of a ring, computed on demand.
 *
 * @module
 */

/** Limit on the names in all cached walks together: 8 MiB of them. */
const KEPT_NAMES = 2 ** 20;

/** A cache of the most recently computed walks. */
export class Walks {
  readonly #names: readonly string[];
  readonly #rank: (slot: number) => readonly number[];
  readonly #limit: number;
  readonly #kept = new Map<number, readonly string[]>();

  /**
   * @param names the members
   * @param rank indices of members in the order in which a slot's requests try them
   */
  constructor(names: readonly string[], rank: (slot: number) => readonly number[]) {
    this.#names = names;
    this.#rank = rank;
    this.#limit = Math.max(1, Math.floor(KEPT_NAMES / Math.max(1, names.length)));
  }

  /** Computes the walk of an existing slot. */
  of(slot: number): readonly string[] {
    const kept = this.#kept.get(slot);
    if (kept) return kept;
    if (this.#kept.size === this.#limit) this.#dropOldest();
    const walk = Object.freeze(this.#rank(slot).map((at) => this.#names[at]!));
    this.#kept.set(slot, walk);
    return walk;
  }

  #dropOldest(): void {
    for (const slot of this.#kept.keys()) {
      this.#kept.delete(slot);
      return;
    }
  }
}
