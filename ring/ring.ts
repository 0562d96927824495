/**
 * The ring: the owner of each slot, and the slot of each request.
 *
 * @module
 */

import { type Change, changedMembers } from "./change.ts";
import { digestOf } from "./digest.ts";
import { resolveFamily, scaleToSlots } from "./hash_families.ts";
import type { HashFamily } from "./hash_family.ts";
import { layOut, placementOf } from "./layouts.ts";
import { murmur3 } from "./murmur3.ts";
import { completeOptions, type CompleteRingOptions, type RingOptions } from "./options.ts";
import type { Placement, VirtualServer } from "./placement.ts";
import type { Preferences } from "./preferences.ts";
import { checkTable } from "./table_check.ts";
import { Walks } from "./walks.ts";

/**
 * An immutable map from requests to members by consistent hashing. It is a function of its options
 * alone: neither the order of the members nor the ring that it was derived from by
 * {@linkcode Ring.with} matters.
 *
 * Lookups allocate nothing and take the same time for any number of members.
 *
 * @example Route a request by its id or by a string
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Ring } from "./mod.ts";
 *
 * const ring = Ring.build({ members: ["Server1", "Server2", "Server3"] });
 * assertEquals(ring.slotOfId(2), 120);
 * assertEquals(ring.ownerOfKey("alice"), ring.walk(ring.slotOfKey("alice"))[0]);
 * ```
 *
 * @example Send the same ring to another thread
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Ring } from "./mod.ts";
 *
 * const ring = Ring.build({ members: ["a", { name: "b", weight: 2 }] });
 * const received = structuredClone(ring.options);
 * assertEquals(Ring.build(received).digest, ring.digest);
 * ```
 */
export class Ring {
  /**
   * All options that the ring was built with; {@linkcode Ring.build} makes the same ring from them.
   */
  readonly options: CompleteRingOptions;
  /** The names of the members in canonical order: by trailing number, then by code units. */
  readonly members: readonly string[];
  /** M, the number of slots. */
  readonly slots: number;
  /**
   * For each slot the index of its owner in {@linkcode Ring.members}; all 0 in an empty ring. This
   * is the array that lookups read, not a copy: it must not be written to.
   */
  readonly table: Readonly<Uint16Array>;

  // The same as `members`, but not frozen: V8 takes twice as long to read a frozen array.
  readonly #names: readonly string[];
  readonly #family: HashFamily;
  // Shared with the rings that are derived from this one, each of which may switch it to other
  // members.
  readonly #preferences: Preferences | undefined;
  readonly #walks: Walks;
  readonly #makeVirtualServers: (() => VirtualServer[]) | undefined;
  #virtualServers: readonly VirtualServer[] | undefined;
  #digest: string | undefined;

  /** Used by {@linkcode Ring.build} and {@linkcode Ring.with} only. */
  protected constructor(options: CompleteRingOptions, family: HashFamily, placement: Placement) {
    this.options = options;
    this.#names = options.members.map(({ name }) => name);
    this.members = Object.freeze([...this.#names]);
    this.slots = options.slots;
    this.table = placement.table;
    this.#makeVirtualServers = placement.virtualServers;
    this.#family = family;
    this.#preferences = placement.preferences;
    this.#walks = new Walks(this.#names, placement.rank);
    Object.freeze(this);
  }

  /**
   * Builds a ring.
   *
   * @param options The members, and how they are laid out.
   * @param kin Another ring with most of the members, whose intermediate results are reused, as in
   * {@linkcode Ring.with}. It saves time and does not affect the result.
   * @throws {TypeError} When a field is of the wrong type.
   * @throws {RangeError} When a field is out of bounds, when a name is given twice, or when a
   * custom hash function returns a value that is not a whole number.
   * @throws {RingFullError} When the members need more slots than the ring has: one each, or one
   * for each virtual server in layout `ring`.
   */
  static build(options: RingOptions, kin?: Ring): Ring {
    const complete = completeOptions(options);
    const family = resolveFamily(complete.hashes);
    return Ring.#of(complete, family, kin && kin.#preferences);
  }

  /**
   * Makes a ring of a table that another thread has computed. Saves the build, and the memory of a
   * second table if both threads share one.
   *
   * @example Share one table between threads
   * ```ts
   * import { assertEquals } from "@std/assert";
   * import { Ring } from "./mod.ts";
   *
   * const ring = Ring.build({ members: ["a", "b"] });
   * const table = new Uint16Array(new SharedArrayBuffer(2 * ring.slots));
   * table.set(ring.table);
   * const other = Ring.restore(structuredClone(ring.options), table);
   * assertEquals(other.ownerOfKey("alice"), ring.ownerOfKey("alice"));
   * assertEquals(other.digest, ring.digest);
   * ```
   *
   * @param options The options of the ring.
   * @param table The {@linkcode Ring.table} of a ring with these options. It is not copied and must
   * not change. Owners are checked to be members; another ring's table is not detected.
   * @throws {TypeError} When a field is of the wrong type.
   * @throws {RangeError} When a field is out of bounds, when the table's length is not the number of
   * slots, or when an owner is not a member.
   */
  static restore(options: RingOptions, table: Uint16Array): Ring {
    const complete = completeOptions(options);
    checkTable(table, complete);
    const family = resolveFamily(complete.hashes);
    return Ring.#placed(complete, family, placementOf(complete, family, table));
  }

  /**
   * Returns the ring after a change of members: the same ring that {@linkcode Ring.build} makes of
   * them. This ring is not modified.
   *
   * In layouts `even` and `rendezvous` a build takes a hash for each pair of slot and member. So
   * does the first change; later ones take one for each pair of slot and joining member. For this,
   * rings that are derived from each other share their slots' preferences: 23 bytes per slot and
   * about 100 per member in all. In layout `ring` all virtual servers are placed again, which takes
   * a hash for each. A change that adds or reweights more than a fifth of the members costs as much
   * as a build.
   *
   * @example Add a member, give another less weight
   * ```ts
   * import { assertEquals } from "@std/assert";
   * import { Ring } from "./mod.ts";
   *
   * const ring = Ring.build({ members: ["Server1", "Server2"] });
   * const changed = ring.with({ add: ["Server3"], weights: { Server1: 0.5 } });
   * const members = [{ name: "Server1", weight: 0.5 }, "Server2", "Server3"];
   * assertEquals(changed.digest, Ring.build({ members }).digest);
   * assertEquals(ring.members, ["Server1", "Server2"]);
   * ```
   *
   * @param change Members to remove and to add, and new weights.
   * @throws {TypeError} When a field is of the wrong type.
   * @throws {RangeError} When a name is unknown, taken, empty or given twice, when a weight is
   * negative or not finite, or when members remain and all have weight 0.
   * @throws {RingFullError} When the members need more slots than the ring has.
   */
  with(change: Change): Ring {
    const members = changedMembers(this.options.members, change);
    const options = Object.freeze({ ...this.options, members });
    return Ring.#of(options, this.#family, this.#preferences);
  }

  static #of(options: CompleteRingOptions, family: HashFamily, preferences?: Preferences): Ring {
    return Ring.#placed(options, family, layOut(options, family, preferences));
  }

  static #placed(options: CompleteRingOptions, family: HashFamily, placement: Placement): Ring {
    const shifts = options.hashes === "fibonacci" && isPowerOfTwo(options.slots);
    const Kind = shifts ? ShiftingRing : Ring;
    return new Kind(options, family, placement);
  }

  /** The layout that assigned slots to members. */
  get layout(): CompleteRingOptions["layout"] {
    return this.options.layout;
  }

  /** The hash family: a built-in one's name, or the caller's own functions. */
  get hashes(): CompleteRingOptions["hashes"] {
    return this.options.hashes;
  }

  /** The weights of the members, in the order of {@linkcode Ring.members}. */
  get weights(): readonly number[] {
    return this.options.members.map(({ weight }) => weight);
  }

  /**
   * The virtual servers of layout `ring` in the order of their placement; empty in other layouts.
   * Computed on first use, then kept.
   */
  get virtualServers(): readonly VirtualServer[] {
    return this.#virtualServers ??= Object.freeze(this.#makeVirtualServers?.() ?? []);
  }

  /**
   * 16 hexadecimal characters that identify the ring: equal if tables and members are equal,
   * different otherwise, but for one chance in 2^64.
   */
  get digest(): string {
    return this.#digest ??= digestOf(this.members, this.table);
  }

  /**
   * Returns the slot of a request with a whole number as its id, by the ring's hash family. The id
   * is not checked, because a check would cost several times the lookup.
   *
   * @param id A whole number from 0 to 2^53 - 1. For any other value the slot is meaningless.
   */
  slotOfId(id: number): number {
    return this.#family.request(id, this.slots);
  }

  /**
   * Returns the slot of a request with a string as its key, independent of the hash family:
   * MurmurHash3 over the UTF-16 code units.
   *
   * @param key Any string.
   */
  slotOfKey(key: string): number {
    return scaleToSlots(murmur3(key), this.slots);
  }

  /**
   * Returns the member that owns the slot of an id.
   *
   * @param id A whole number from 0 to 2^53 - 1.
   * @returns The member's name, or undefined if the ring is empty.
   */
  ownerOfId(id: number): string | undefined {
    return this.#names[this.table[this.slotOfId(id)]!];
  }

  /**
   * Returns the member that owns the slot of a key.
   *
   * @param key Any string.
   * @returns The member's name, or undefined if the ring is empty.
   */
  ownerOfKey(key: string): string | undefined {
    return this.#names[this.table[this.slotOfKey(key)]!];
  }

  /**
   * Returns all members in the order in which a request on a slot should try them: the owner first,
   * each once, those of weight 0 last. In layout `ring` the order is clockwise, in the others by
   * descending rendezvous score. Computed on first use, then kept for a while.
   *
   * @param slot A whole number from 0 to `slots` - 1.
   * @throws {RangeError} When the slot does not exist.
   */
  walk(slot: number): readonly string[] {
    if (!(Number.isInteger(slot) && slot >= 0 && slot < this.slots)) {
      throw new RangeError(`slot must be a whole number from 0 to ${this.slots - 1}, got ${slot}`);
    }
    return this.#walks.of(slot);
  }
}

/**
 * A ring of the fibonacci family whose slots are a power of two: a slot is the upper bits of a
 * product, and a lookup is arithmetic alone. V8 optimizes a caller's loop only so far where a lookup
 * in it may call something: 1 ns a lookup became 4.
 */
class ShiftingRing extends Ring {
  override slotOfId(id: number): number {
    const word = id | 0;
    // The factor is 2^32 divided by the golden ratio, as in `fibonacci`. It and 2^32 are literals, as
    // names of another module take a nanosecond more.
    const folded = word === id ? word : id ^ (id / 0x1_0000_0000);
    return Math.imul(Math.imul(folded, 0x9e3779b1) >>> 16, this.slots) >>> 16;
  }
}

/**
 * V8 compiles a branch that never ran as an exit, which has the same effect on a caller's loop as a
 * call. So both branches run before any caller is compiled, often enough for V8 to take note of them.
 */
function runBothBranches(): void {
  const ring = Ring.build({ members: [], slots: 2 });
  for (let at = 0; at < 100; at++) ring.slotOfId(at % 2 === 0 ? at : 2 ** 32 + at);
}

runBothBranches();

function isPowerOfTwo(slots: number): boolean {
  return Number.isInteger(Math.log2(slots));
}
