/**
 * The options of a ring, their defaults and bounds.
 *
 * @module
 */

import { hashFamilies, type HashFamilyName } from "./hash_families.ts";
import type { HashFamily } from "./hash_family.ts";
import { canonicalMembers, type Member, type WeightedMember } from "./members.ts";

/** The layout, which assigns slots to members; see {@linkcode RingOptions.layout}. */
export type Layout = "even" | "ring" | "rendezvous";

/** The options of {@linkcode Ring.build}. */
export interface RingOptions {
  /**
   * Names, or members with weights, in any order. An empty list makes an empty ring, which owns
   * nothing.
   */
  readonly members: readonly (string | Member)[];
  /** M, the number of slots, from 1 to 65536; 512 if not given. */
  readonly slots?: number;
  /**
   * K, the number of virtual servers of a member of weight 1, from 1 up; 9 if not given. Only
   * layout `ring` uses it.
   */
  readonly virtualServers?: number;
  /**
   * - `even` (default): capped rendezvous; shares are equal to within one slot, and few slots move
   *   between the members that stay;
   * - `ring`: virtual servers on a circle with linear probing, the textbook's consistent hashing;
   * - `rendezvous`: highest random weight; shares vary, no slot moves between the members that stay.
   */
  readonly layout?: Layout;
  /** The name of a built-in hash family, or a custom family; `fibonacci` if not given. */
  readonly hashes?: HashFamilyName | HashFamily;
}

/**
 * Options in full, with members in canonical order. Plain data that `structuredClone` and
 * `postMessage` take, unless `hashes` is a family of one's own.
 */
export interface CompleteRingOptions extends Required<RingOptions> {
  /** The members in canonical order, each with its weight. */
  readonly members: readonly WeightedMember[];
}

/** The number of slots of a ring when none is given: 512. */
export const DEFAULT_SLOTS = 512;
/** The most slots that a ring can have: 65536, as the table holds 16-bit indexes. */
export const MAX_SLOTS = 65_536;
/** The number of virtual servers of a member of weight 1 when none is given: 9. */
export const DEFAULT_VIRTUAL_SERVERS = 9;

/** All layouts. */
export const LAYOUTS = Object.freeze(["even", "ring", "rendezvous"] as const satisfies Layout[]);

/**
 * Fills in defaults and checks all options.
 *
 * @param options The caller's options.
 * @returns The complete options, frozen, with members in canonical order.
 * @throws {TypeError} When a field is of the wrong type.
 * @throws {RangeError} When a field is out of bounds. Either message names the field, the bound and
 * the value.
 */
export function completeOptions(options: RingOptions): CompleteRingOptions {
  const {
    slots = DEFAULT_SLOTS,
    virtualServers = DEFAULT_VIRTUAL_SERVERS,
    layout = "even",
    hashes = "fibonacci",
  } = options;
  refuseBadCount("slots", slots, MAX_SLOTS);
  refuseBadCount("virtualServers", virtualServers, Number.MAX_SAFE_INTEGER);
  refuseUnknown("layout", layout, LAYOUTS);
  refuseBadHashes(hashes);
  const members = canonicalMembers(options.members);
  return Object.freeze({ members, slots, virtualServers, layout, hashes });
}

function refuseBadCount(field: string, value: number, maximum: number): void {
  if (typeof value !== "number") {
    throw new TypeError(`${field} must be a number, got ${value}`);
  }
  if (!(Number.isInteger(value) && value >= 1 && value <= maximum)) {
    throw new RangeError(`${field} must be a whole number from 1 to ${maximum}, got ${value}`);
  }
}

function refuseUnknown(field: string, value: string, known: readonly string[]): void {
  if (!known.includes(value)) {
    throw new RangeError(`${field} must be one of ${known.join(", ")}, got ${value}`);
  }
}

function refuseBadHashes(hashes: HashFamilyName | HashFamily): void {
  if (typeof hashes === "string") return refuseUnknown("hashes", hashes, Object.keys(hashFamilies));
  if (typeof hashes?.request !== "function" || typeof hashes.virtualServer !== "function") {
    throw new TypeError(
      `hashes must be a name or have the functions request and virtualServer, got ${hashes}`,
    );
  }
}
