/**
 * The interface of a contestant.
 *
 * @module
 */

/** The members of one contestant, in the contestant's own data structure. */
export interface Router {
  /** The member that a key belongs to. */
  ownerOfKey(key: string): string | null | undefined;
  /**
   * Looks up the keys from one index up to another and counts those that have an owner. Each
   * contestant writes out the loop: one loop for all would be compiled for all of them at once,
   * which costs each some nanoseconds a call.
   */
  lookUpKeys(keys: readonly string[], from: number, to: number): number;
  /** The same for ids: whole numbers from one up to another. */
  lookUpIds(from: number, to: number): number;
  /** The same for ids and their slots, without the owner; the sum of the slots. */
  slotsOfIds?(from: number, to: number): number;
  /** The router with one member more: this one, changed, or another. */
  add(name: string): Router;
  /** The router with one member less: this one, changed, or another. */
  remove(name: string): Router;
}

/** One method to find the member of a key. */
export interface Contestant {
  readonly name: string;
  readonly kind: "own" | "peer";
  /** Whether a member can have more than another. */
  readonly weights: boolean;
  /**
   * Whether it is a variant with a cache for all keys. The cache is filled first; only lookups of
   * keys are timed, because the rest equals the variant without.
   */
  readonly remembers?: boolean;
  /** Makes a router of members, by the contestant's documented usual way. */
  build(members: readonly string[]): Router;
}
