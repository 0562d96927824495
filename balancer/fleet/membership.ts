/**
 * Who belongs to the fleet: adding and removing replicas, all or nothing, one change at a time.
 *
 * @module
 */
import type { Fleet } from "./fleet.ts";
import { describeError, inRing, isHeard, type Member } from "./member.ts";
import type { Turns } from "./turns.ts";

/** Why a change of the membership was refused or undone. */
export type MembershipErrorKind =
  /** The engine's instances belong to somebody else. */
  | "unsupported"
  /** No replica has that name. */
  | "unknown"
  /** The name is in use, or was given twice. */
  | "taken"
  /** More replicas than there may be, or fewer than none. */
  | "out-of-bounds"
  /** The new replicas did not become ready; none was kept. */
  | "not-ready";

/** A change of the membership that did not happen. Nothing of it remains. */
export class MembershipError extends Error {
  override readonly name = "MembershipError";

  constructor(readonly kind: MembershipErrorKind, message: string) {
    super(message);
  }
}

/** What a {@linkcode Membership} is made of. */
export interface MembershipOptions {
  readonly fleet: Fleet;
  /** Shared with whatever else changes the fleet. */
  readonly turns: Turns;
  /** The most replicas that there may be. */
  readonly limit: number;
  /** False where somebody else runs the instances. */
  readonly changeable: boolean;
}

/** A new replica that died so many times before it was ready is given up. */
const GIVE_UP_AFTER_LIVES = 3;

/** Adds and removes replicas. Changes wait for each other. */
export class Membership {
  readonly #options: MembershipOptions;

  constructor(options: MembershipOptions) {
    this.#options = options;
  }

  /** The names in the ring, in the order in which they joined. */
  names(): string[] {
    return this.#options.fleet.members.filter(inRing).map((member) => member.name);
  }

  /**
   * Adds replicas; resolves when all of them are ready and in the ring.
   *
   * @param n how many
   * @param hostnames names for the first of them; the rest get the next free `Server<k>`
   * @returns the names in the ring after it
   * @throws {MembershipError} nothing was added
   */
  add(n: number, hostnames: readonly string[]): Promise<string[]> {
    return this.#options.turns.take(() => this.#add(n, hostnames));
  }

  /**
   * Removes replicas; resolves when they are drained and gone.
   *
   * @param n how many
   * @param hostnames names of some of them; the rest are the newest
   * @returns the names in the ring after it
   * @throws {MembershipError} nothing was removed
   */
  remove(n: number, hostnames: readonly string[]): Promise<string[]> {
    return this.#options.turns.take(() => this.#remove(n, hostnames));
  }

  async #add(n: number, hostnames: readonly string[]): Promise<string[]> {
    const { fleet, limit } = this.#options;
    this.#checkChangeable("added");
    checkNamedOnce(hostnames);
    const present = fleet.members.map((member) => member.name);
    const taken = new Set(present);
    const total = present.length + n;
    if (total > limit) {
      throw new MembershipError(
        "out-of-bounds",
        `n: ${present.length} replicas and ${n} more would be ${total}; the limit is ${limit}`,
      );
    }
    const clash = hostnames.find((name) => taken.has(name));
    if (clash !== undefined) {
      throw new MembershipError("taken", `hostnames: ${clash} is in the ring already`);
    }
    await this.#bringIn(namesToAdd(n, hostnames, taken));
    return this.names();
  }

  async #bringIn(names: readonly string[]): Promise<void> {
    const { fleet } = this.#options;
    fleet.enlist(names);
    try {
      await fleet.until((members) => allReady(names, members));
    } catch (error) {
      fleet.dismiss(names);
      await fleet.until((members) => names.every((name) => !members.has(name)));
      throw error;
    }
    fleet.join(names);
    await fleet.saved();
  }

  async #remove(n: number, hostnames: readonly string[]): Promise<string[]> {
    this.#checkChangeable("removed");
    checkNamedOnce(hostnames);
    const present = this.names();
    const unknown = hostnames.find((name) => !present.includes(name));
    if (unknown !== undefined) {
      throw new MembershipError("unknown", `hostnames: no replica is called ${unknown}`);
    }
    if (n > present.length) {
      const message = `n: must be at most N, which is ${present.length}; got ${n}`;
      throw new MembershipError("out-of-bounds", message);
    }
    const names = namesToRemove(n, hostnames, present);
    this.#options.fleet.dismiss(names);
    await this.#options.fleet.until((members) => names.every((name) => !members.has(name)));
    return this.names();
  }

  #checkChangeable(verb: string): void {
    if (this.#options.changeable) return;
    throw new MembershipError(
      "unsupported",
      `with LB_ENGINE=static somebody else runs the replicas, so none can be ${verb}; ` +
        "change LB_UPSTREAMS instead",
    );
  }
}

function checkNamedOnce(hostnames: readonly string[]): void {
  const twice = hostnames.find((name, index) => hostnames.indexOf(name) !== index);
  if (twice !== undefined) throw new MembershipError("taken", `hostnames: ${twice} is named twice`);
}

/**
 * The names of new replicas.
 *
 * @param n how many
 * @param hostnames names that were asked for, `n` at the most
 * @param taken names in use
 */
export function namesToAdd(
  n: number,
  hostnames: readonly string[],
  taken: ReadonlySet<string>,
): string[] {
  const names = [...hostnames];
  for (let k = 1; names.length < n; k++) {
    const free = `Server${k}`;
    if (!taken.has(free) && !hostnames.includes(free)) names.push(free);
  }
  return names;
}

/**
 * The names of the replicas to remove.
 *
 * @param n how many
 * @param hostnames names that were asked for, `n` at the most
 * @param present names in the ring, oldest first; the newest make up the rest
 */
export function namesToRemove(
  n: number,
  hostnames: readonly string[],
  present: readonly string[],
): string[] {
  const others = present.filter((name) => !hostnames.includes(name)).reverse();
  return [...hostnames, ...others].slice(0, n);
}

function allReady(names: readonly string[], members: ReadonlyMap<string, Member>): boolean {
  const states = names.map((name) => members.get(name));
  for (const member of states) if (member) checkHopeful(member);
  return states.every((member) => member?.phase === "ready");
}

/** Throws where waiting for the new replica would be in vain. */
function checkHopeful(member: Member): void {
  const { name, shortLives, lastError } = member;
  if (!lastError) return;
  if (lastError.kind === "name-taken") throw new MembershipError("taken", lastError.message);
  const hopeless = lastError.kind || lastError.gaveUp || shortLives >= GIVE_UP_AFTER_LIVES;
  if (hopeless && isHeard(member)) {
    const message = `${name} did not become ready: ${describeError(lastError)}`;
    throw new MembershipError("not-ready", message);
  }
}
