/**
 * The desired state in the store that several balancers share.
 *
 * @module
 */
import type { SharedStore } from "../../cluster/shared_store.ts";
import { parseState, serializeState } from "./saved_state.ts";
import type { FleetStore, SavedFleet, SaveResult, Versioned } from "./store.ts";

/** Reads and writes the desired state as one shared value. */
export class SharedFleetStore implements FleetStore {
  readonly #store: SharedStore;

  /** @param store the shared value */
  constructor(store: SharedStore) {
    this.#store = store;
  }

  async load(): Promise<Versioned | undefined> {
    const found = await this.#store.load();
    if (!found) return undefined;
    // The shared store itself keeps other users out.
    const { value } = parseState(found.value, { mode: 0o600, uid: null });
    return { value, epoch: found.epoch };
  }

  save(fleet: SavedFleet, epoch: number): Promise<SaveResult> {
    return this.#store.save(serializeState({ value: fleet, epoch: epoch + 1 }), epoch);
  }

  /** Reports changes of the desired state by any balancer. @returns ends the reports */
  watch(onChange: () => void): () => void {
    return this.#store.watch(onChange);
  }
}
