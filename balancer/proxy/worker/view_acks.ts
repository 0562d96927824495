/**
 * Which view all workers route by.
 *
 * @module
 */

/** Counts who has applied which version of the view. */
export class ViewAcks<M> {
  readonly #applied = new Map<M, number>();
  #announced = -1;

  /** The version that all workers route by at least; -1 before the first. */
  get inForce(): number {
    return this.#announced;
  }

  /** Counts a worker in, which has not applied any yet. */
  join(member: M): void {
    this.#applied.set(member, -1);
  }

  /**
   * Takes note that a worker routes by a version.
   *
   * @returns the version that all of them route by at least, where that is news
   */
  applied(member: M, version: number): number | undefined {
    if (this.#applied.has(member)) this.#applied.set(member, version);
    return this.#news();
  }

  /**
   * Counts a worker out: nobody waits for it any more.
   *
   * @returns as {@linkcode ViewAcks.applied}
   */
  leave(member: M): number | undefined {
    this.#applied.delete(member);
    return this.#news();
  }

  #news(): number | undefined {
    if (this.#applied.size === 0) return undefined;
    const version = Math.min(...this.#applied.values());
    if (version <= this.#announced) return undefined;
    return this.#announced = version;
  }
}
