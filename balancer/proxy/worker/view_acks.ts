/**
 * Tracks the view that all workers route by.
 *
 * @module
 */

/** Counts which workers have applied which version of the view. */
export class ViewAcks<M> {
  readonly #applied = new Map<M, number>();
  #announced = -1;

  /** Newest version that all workers have applied; -1 before the first. */
  get inForce(): number {
    return this.#announced;
  }

  /** Adds a worker that has not applied any version yet. */
  join(member: M): void {
    this.#applied.set(member, -1);
  }

  /**
   * Records that a worker routes by a version.
   *
   * @returns the version that all workers have now applied, if it changed
   */
  applied(member: M, version: number): number | undefined {
    if (this.#applied.has(member)) this.#applied.set(member, version);
    return this.#news();
  }

  /**
   * Removes a worker: its acknowledgement is no longer waited for.
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
