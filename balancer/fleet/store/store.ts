/**
 * What a fleet keeps for the balancer's next life: who belongs to it, and what they run.
 *
 * @module
 */
import type { Template } from "../../engine/engine.ts";
import type { GivenUpstream } from "../../upstream_list.ts";
import type { RingShape } from "../spec/ring_spec.ts";
import type { Weights } from "../spec/change.ts";

/** The desired state of a fleet, as it is saved. */
export interface SavedFleet {
  /** The setting `LB_REPLICAS` that it began with: another one now starts afresh. */
  readonly configured: number;
  /** The replicas in the ring, in the order in which they joined. */
  readonly names: readonly string[];
  /** What new instances run. */
  readonly template: Template;
  /** What the settings said that instances run, when the template was saved. */
  readonly settings?: Template;
  /** What a deploy that is under way brings. */
  readonly deploy?: Template;
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

/** A saved state and its version. */
export interface Versioned {
  readonly value: SavedFleet;
  /** Changes with every save. */
  readonly epoch: number;
}

/** How a save ended: with the new epoch, or refused because the state was saved by others since. */
export type SaveResult =
  | { readonly done: true; readonly epoch: number }
  | { readonly done: false };

/** Epoch of a store that holds nothing. */
export const NO_EPOCH = 0;

/** Where the desired state is kept. Compare-and-swap: each save names the epoch that it replaces. */
export interface FleetStore {
  /**
   * The state that was saved last; undefined where there is none.
   *
   * @throws {StoreError} it cannot be read
   */
  load(): Promise<Versioned | undefined>;
  /**
   * Replaces the saved state: all of it or nothing.
   *
   * @param fleet the new state
   * @param epoch epoch of the state that this one is made from, {@linkcode NO_EPOCH} for none
   * @throws {Error} it could not be written; what was saved before is still there
   */
  save(fleet: SavedFleet, epoch: number): Promise<SaveResult>;
}

/** The saved state cannot be used, or a state cannot be saved. */
export class StoreError extends Error {
  override readonly name = "StoreError";
}

/** Keeps nothing: the next life knows only what runs. */
export const NO_STORE: FleetStore = {
  load: () => Promise.resolve(undefined),
  save: (_, epoch) => Promise.resolve({ done: true, epoch }),
};

/** Saves states in the order in which they are given, and knows the epoch. */
export class Saver {
  readonly #store: FleetStore;
  #epoch = NO_EPOCH;
  #last = "";
  #saving: Promise<unknown> = Promise.resolve();

  /** @param store where to save */
  constructor(store: FleetStore) {
    this.#store = store;
  }

  /**
   * Reads the saved state.
   *
   * @throws {StoreError} it cannot be read
   */
  async load(): Promise<SavedFleet | undefined> {
    const saved = await this.#store.load();
    this.#epoch = saved?.epoch ?? NO_EPOCH;
    this.#last = JSON.stringify(saved?.value) ?? "";
    return saved?.value;
  }

  /**
   * Saves a state, unless it is the one that was saved last. Resolves when it is saved.
   *
   * @param fleet the state
   * @throws {StoreError} it is not saved; what was saved before is still there
   */
  save(fleet: SavedFleet): Promise<void> {
    const saving = this.#saving.then(() => this.#save(fleet));
    // The next save waits for the end of this one; its caller gets the failure.
    this.#saving = saving.catch(() => {});
    return saving;
  }

  /** Waits until no save is under way. */
  async done(): Promise<void> {
    await this.#saving;
  }

  async #save(fleet: SavedFleet): Promise<void> {
    const text = JSON.stringify(fleet);
    if (text === this.#last) return;
    const result = await this.#store.save(fleet, this.#epoch);
    if (!result.done) {
      throw new StoreError("the saved state was changed by another program since it was read");
    }
    this.#epoch = result.epoch;
    this.#last = text;
  }
}
