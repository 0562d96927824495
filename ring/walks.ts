/**
 * The walks of a ring, worked out when they are asked for.
 *
 * @module
 */

/** Names in the walks that are kept, all together: 8 MiB of them. */
const KEPT_NAMES = 2 ** 20;

/** Keeps the walks that were worked out last, as many as there is memory for. */
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

  /** The walk of a slot that there is. */
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
