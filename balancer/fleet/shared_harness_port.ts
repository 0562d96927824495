/**
 * The surroundings of one balancer in tests of several ones.
 *
 * @module
 */

/** The surroundings of a balancer, which can be stopped, cut off and killed. */
export class Port {
  cut = false;
  readonly #storeAway: () => boolean;

  /** @param storeAway whether the store answers no balancer */
  constructor(storeAway: () => boolean) {
    this.#storeAway = storeAway;
  }
  dead = false;
  #stopped: PromiseWithResolvers<void> | undefined;

  stop(): void {
    this.#stopped ??= Promise.withResolvers();
  }

  resume(): void {
    this.#stopped?.resolve();
    this.#stopped = undefined;
  }

  get stopped(): boolean {
    return this.#stopped !== undefined;
  }

  /** Runs a callback when the process runs again; never after its death. */
  run(callback: () => void): void {
    if (this.dead) return;
    if (!this.#stopped) return callback();
    void this.#stopped.promise.then(() => this.run(callback));
  }

  /** Passes an answer on once the process runs again; never after its death. */
  async answer<T>(call: Promise<T>): Promise<T> {
    try {
      return await call;
    } finally {
      while (this.#stopped) await this.#stopped.promise;
      if (this.dead) await new Promise<never>(() => {});
    }
  }

  /** A call to the store: without an answer while the cable is out, or the store elects a leader. */
  async store<T>(call: () => Promise<T>): Promise<T> {
    if (this.cut || this.#storeAway()) await new Promise<never>(() => {});
    const answer = await this.answer(call());
    if (this.cut || this.#storeAway()) await new Promise<never>(() => {});
    return answer;
  }
}
