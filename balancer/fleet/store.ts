/**
 * What a fleet keeps for the balancer's next life: who belongs to it, and what they run.
 *
 * @module
 */
import type { Template } from "../engine/engine.ts";
import type { FailureLog } from "../failures.ts";
import type { GivenUpstream } from "../upstream_list.ts";
import type { RingShape } from "./blueprint.ts";
import type { Weights } from "./change.ts";

/** What is kept. */
export interface SavedFleet {
  /** The setting `LB_REPLICAS` that it began with: another one now starts afresh. */
  readonly configured: number;
  /** The replicas in the ring, in the order in which they joined. */
  readonly names: readonly string[];
  readonly template: Template;
  /** Weights of those whose weight is not 1. */
  readonly weights?: Weights;
  /** The ring's shape, where it was changed, and the settings that it was changed from. */
  readonly shape?: { readonly settings: RingShape; readonly inForce: RingShape };
  /** The upstreams, where the list was changed, and the setting that it was changed from. */
  readonly upstreams?: {
    readonly settings: readonly GivenUpstream[];
    readonly inForce: readonly GivenUpstream[];
  };
}

/** Where it is kept. */
export interface FleetStore {
  /**
   * What was kept last; undefined where nothing was.
   *
   * @throws {StoreError} it cannot be read
   */
  load(): Promise<SavedFleet | undefined>;
  /** Keeps this instead of what was kept before; all of it or nothing. */
  save(fleet: SavedFleet): Promise<void>;
}

/** What was kept cannot be used. */
export class StoreError extends Error {
  override readonly name = "StoreError";
}

/** Keeps nothing: what exists is all that the next life knows. */
export const NO_STORE: FleetStore = {
  load: () => Promise.resolve(undefined),
  save: () => Promise.resolve(),
};

/** Saves one state after the other, and skips those that are outdated before their turn. */
export class Saver {
  readonly #store: FleetStore;
  readonly #configured: number;
  readonly #failures: FailureLog;
  #loaded: SavedFleet | undefined;
  #last = "";
  #next: SavedFleet | undefined;
  #saving: Promise<void> | undefined;

  /**
   * @param store where to save
   * @param configured the setting `LB_REPLICAS`
   * @param failures told of a state that could not be saved
   */
  constructor(store: FleetStore, configured: number, failures: FailureLog) {
    this.#store = store;
    this.#configured = configured;
    this.#failures = failures;
  }

  /** What an earlier life kept, where the setting is the same as then. */
  get loaded(): SavedFleet | undefined {
    return this.#loaded;
  }

  /**
   * Reads what was kept.
   *
   * @throws {StoreError} it cannot be read
   */
  async load(): Promise<SavedFleet | undefined> {
    const saved = await this.#store.load();
    if (saved?.configured === this.#configured) this.#loaded = saved;
    return this.#loaded;
  }

  /** Keeps this state, unless it is the one that is kept. */
  save(fleet: Omit<SavedFleet, "configured">): void {
    const next = { configured: this.#configured, ...fleet };
    const text = JSON.stringify(next);
    if (text === this.#last) return;
    this.#last = text;
    this.#next = next;
    this.#saving ??= this.#saveAll().finally(() => this.#saving = undefined);
  }

  /** Waits until nothing is left to be saved. */
  done(): Promise<void> {
    return this.#saving ?? Promise.resolve();
  }

  async #saveAll(): Promise<void> {
    while (this.#next) {
      const next = this.#next;
      this.#next = undefined;
      try {
        await this.#store.save(next);
      } catch (error) {
        this.#last = "";
        this.#failures.record("fleet.save", error);
      }
    }
  }
}
