/**
 * Listeners of an engine.
 *
 * @module
 */
import type { EngineEvent, Watch } from "./engine.ts";

/** The listeners of one engine. */
export class Watchers {
  readonly #listeners = new Set<(event: EngineEvent) => void>();

  /** Adds a listener. @returns closes its watch */
  add(listener: (event: EngineEvent) => void): Watch {
    const own = (event: EngineEvent) => listener(event);
    this.#listeners.add(own);
    return { close: () => void this.#listeners.delete(own) };
  }

  /** Calls every present listener. */
  report(event: EngineEvent): void {
    for (const listener of [...this.#listeners]) listener(event);
  }
}
