/**
 * Who listens to an engine.
 *
 * @module
 */
import type { EngineEvent, Watch } from "./engine.ts";

/** The listeners of one engine. */
export class Watchers {
  readonly #listeners = new Set<(event: EngineEvent) => void>();

  /** @param listener called for each event until the watch is closed */
  add(listener: (event: EngineEvent) => void): Watch {
    const own = (event: EngineEvent) => listener(event);
    this.#listeners.add(own);
    return { close: () => void this.#listeners.delete(own) };
  }

  /** @param event told to everyone who listens at this moment */
  report(event: EngineEvent): void {
    for (const listener of [...this.#listeners]) listener(event);
  }
}
