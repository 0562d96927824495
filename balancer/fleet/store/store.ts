/**
 * Storage of the desired state across restarts of the balancer.
 *
 * @module
 */
import type { Availability, Template } from "../../engine/engine.ts";
import type { GivenUpstream } from "../../upstream_list.ts";
import type { MaintenanceState } from "../../view.ts";
import type { RingShape } from "../spec/ring_spec.ts";
import type { Weights } from "../spec/change.ts";

/** The saved desired state of a fleet. */
export interface SavedFleet {
  /**
   * `LB_REPLICAS` when the fleet was saved; another value now discards names, weights and shape.
   */
  readonly configured: number;
  /** The replicas in the ring, in the order in which they joined. */
  readonly names: readonly string[];
  /** Template of new instances. */
  readonly template: Template;
  /** Template of the settings when the state was saved. */
  readonly settings?: Template;
  /** Template of the deploy in progress. */
  readonly deploy?: Template;
  /**
   * Replicas that are being started and own no slots yet, with the id of the balancer that was asked
   * for them. Only fleets of several balancers have them.
   */
  readonly joining?: Readonly<Record<string, string>>;
  /** Weights other than 1, by name. */
  readonly weights?: Weights;
  /** The ring's shape if it was changed, and the settings that it was changed from. */
  readonly shape?: { readonly settings: RingShape; readonly inForce: RingShape };
  /** The upstreams if the list was changed, and the setting that it was changed from. */
  readonly upstreams?: {
    readonly settings: readonly GivenUpstream[];
    readonly inForce: readonly GivenUpstream[];
  };
  /** The maintenance under way. */
  readonly maintenance?: MaintenanceState;
  /** The machine that is being drained. Only fleets of several balancers save it. */
  readonly drain?: MachineDrain;
}

/** A drain of a machine under way. */
export interface MachineDrain {
  readonly machine: string;
  /** Its availability before, which it gets back if the drain fails. */
  readonly before: Availability;
}

/** A saved state and its version. */
export interface Versioned {
  readonly value: SavedFleet;
  /** Grows with every save. */
  readonly epoch: number;
}

/** Result of a save: the new epoch, or a refusal because another program saved since. */
export type SaveResult =
  | { readonly done: true; readonly epoch: number }
  | { readonly done: false };

/** Epoch of an empty store. */
export const NO_EPOCH = 0;

/** Stores the desired state. Compare-and-swap: each save names the epoch that it replaces. */
export interface FleetStore {
  /**
   * Returns the last saved state; undefined if there is none.
   *
   * @throws {StoreError} the state cannot be read
   */
  load(): Promise<Versioned | undefined>;
  /**
   * Replaces the saved state, completely or not at all.
   *
   * @param fleet the new state
   * @param epoch epoch of the state that it is derived from, {@linkcode NO_EPOCH} for none
   * @throws {Error} the state could not be written; the earlier one is kept
   */
  save(fleet: SavedFleet, epoch: number): Promise<SaveResult>;
}

/** The saved state cannot be used, or a state cannot be saved. */
export class StoreError extends Error {
  override readonly name = "StoreError";
}

/** The shared store did not answer: the state may have been saved. */
export class UnknownOutcomeError extends StoreError {}

/** Another balancer changed the desired state since this one read it; the change can be repeated. */
export class ConflictError extends StoreError {
  constructor() {
    super("the desired state was changed by another balancer at the same time");
  }
}

/** Stores nothing: a restarted balancer knows only the running instances. */
export const NO_STORE: FleetStore = {
  load: () => Promise.resolve(undefined),
  save: (_, epoch) => Promise.resolve({ done: true, epoch: epoch + 1 }),
};

/** Saves states in the order of the calls, and tracks the epoch. */
export class Saver {
  readonly #store: FleetStore;
  #epoch = NO_EPOCH;
  #last = "";
  #saving: Promise<unknown> = Promise.resolve();

  /** @param store the store */
  constructor(store: FleetStore) {
    this.#store = store;
  }

  /** Epoch of the last saved or read state. */
  get epoch(): number {
    return this.#epoch;
  }

  /**
   * Reads the saved state.
   *
   * @throws {StoreError} the state cannot be read
   */
  async load(): Promise<SavedFleet | undefined> {
    const saved = await this.#store.load();
    this.#epoch = saved?.epoch ?? NO_EPOCH;
    this.#last = JSON.stringify(saved?.value) ?? "";
    return saved?.value;
  }

  /**
   * Saves a state unless it equals the last saved one. Resolves once it is saved.
   *
   * @param fleet the state
   * @throws {StoreError} the state was not saved; the earlier one is kept
   */
  save(fleet: SavedFleet): Promise<void> {
    const saving = this.#saving.then(() => this.#save(fleet));
    // The next save waits for the end of this one; the caller gets the error.
    this.#saving = saving.catch(() => {});
    return saving;
  }

  /**
   * Saves the last saved state with a change, once the saves before it have ended. So a change that
   * waits for no other one overwrites none.
   *
   * @param change returns the new state; its argument is undefined if no state was ever saved
   * @throws {StoreError} the state was not saved; the earlier one is kept
   */
  amend(change: (last: SavedFleet | undefined) => SavedFleet): Promise<void> {
    const saving = this.#saving.then(() =>
      this.#save(change(this.#last === "" ? undefined : JSON.parse(this.#last)))
    );
    this.#saving = saving.catch(() => {});
    return saving;
  }

  /** Waits until no save is in progress. */
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
