/**
 * The replacement of a state that several balancers share.
 *
 * @module
 */
import { errorMessage } from "../../failures.ts";
import {
  ConflictError,
  type FleetStore,
  NO_EPOCH,
  type SavedFleet,
  StoreError,
  UnknownOutcomeError,
  type Versioned,
} from "./store.ts";

/**
 * Replaces the shared state. If the store's answer is lost, the state is read back to find the
 * outcome.
 *
 * @param value the new state
 * @param replaced epoch of the state that it is derived from
 * @throws {ConflictError} another balancer replaced it first
 * @throws {UnknownOutcomeError} the state may have been replaced
 * @throws {StoreError} the state was not replaced
 */
export async function replaceShared(
  store: FleetStore,
  value: SavedFleet,
  replaced: number,
): Promise<Versioned> {
  try {
    const result = await store.save(value, replaced);
    if (result.done) return { value, epoch: result.epoch };
  } catch (error) {
    return await outcome(store, value, replaced, error);
  }
  throw new ConflictError();
}

/** A save whose answer was lost may have replaced the state. */
async function outcome(
  store: FleetStore,
  value: SavedFleet,
  replaced: number,
  cause: unknown,
): Promise<Versioned> {
  const found = await store.load().catch((error) => {
    throw new UnknownOutcomeError(errorMessage(error), { cause });
  });
  if (found?.epoch === replaced || (!found && replaced === NO_EPOCH)) {
    throw new StoreError(errorMessage(cause), { cause });
  }
  if (JSON.stringify(found?.value) === JSON.stringify(value)) return found!;
  throw new ConflictError();
}
