/**
 * Properties of a contestant other than speed: balance, movement, agreement.
 *
 * @module
 */
import type { Contestant, Router } from "./contestant.ts";
import { memberNames } from "./keys.ts";

/** Members where one joins or leaves. */
const MEMBERS = 10;

/** Whether routers of the same members agree, which a fleet of balancers needs. */
type Agreement = "any order" | "same order" | "no";

/** A change of the members. */
interface Movement {
  /** Share of the keys whose owner changed, from 0 to 1. */
  readonly moved: number;
  /** The part that had to: the keys of the member that left, or those of the new member. */
  readonly needed: number;
}

/** The measured properties of a contestant. */
export interface Properties {
  /** The keys of the fullest member over the mean, by number of members. */
  readonly maxOverMean: Readonly<Record<string, number>>;
  /** One of ten leaves, from the middle. */
  readonly leave: Movement;
  /** An eleventh joins. */
  readonly join: Movement;
  readonly agreement: Agreement;
  readonly weights: boolean;
  /** Whether routers agree, and no change moves more than three times the necessary keys. */
  readonly consistent: boolean;
}

/** The numbers of members that balance is looked at with. */
const BALANCE_MEMBERS: readonly number[] = [10, 100];

/** Factor of the necessary keys that a change may move and still be called consistent. */
const MOST_MOVED = 3;

/**
 * Measures a contestant's properties.
 *
 * @param contestant the contestant
 * @param keys different keys
 */
export function propertiesOf(contestant: Contestant, keys: readonly string[]): Properties {
  const maxOverMean = Object.fromEntries(
    BALANCE_MEMBERS.map((count) => [count, fullest(contestant.build(memberNames(count)), keys)]),
  );
  const leave = movement(contestant, keys, "remove", `Server${MEMBERS / 2}`);
  const join = movement(contestant, keys, "add", `Server${MEMBERS + 1}`);
  const agreement = agreementOf(contestant, keys);
  const moderate = [leave, join].every(({ moved, needed }) => moved <= MOST_MOVED * needed);
  const consistent = agreement !== "no" && moderate;
  return { maxOverMean, leave, join, agreement, weights: contestant.weights, consistent };
}

function fullest(router: Router, keys: readonly string[]): number {
  const counts = new Map<string, number>();
  for (const owner of owners(router, keys)) counts.set(owner, (counts.get(owner) ?? 0) + 1);
  return Math.max(...counts.values()) / (keys.length / counts.size);
}

function movement(
  contestant: Contestant,
  keys: readonly string[],
  change: "add" | "remove",
  name: string,
): Movement {
  const router = contestant.build(memberNames(MEMBERS));
  const before = owners(router, keys);
  const after = owners(router[change](name), keys);
  const needed = (change === "add" ? after : before).filter((owner) => owner === name).length;
  const moved = before.filter((owner, at) => owner !== after[at]).length;
  return { moved: moved / keys.length, needed: needed / keys.length };
}

function agreementOf(contestant: Contestant, keys: readonly string[]): Agreement {
  const names = memberNames(MEMBERS);
  const first = owners(contestant.build(names), keys);
  const agrees = (order: string[]) =>
    owners(contestant.build(order), keys).every((owner, at) => owner === first[at]);
  if (agrees(names.toReversed())) return "any order";
  return agrees(names) ? "same order" : "no";
}

function owners(router: Router, keys: readonly string[]): string[] {
  return keys.map((key) => {
    const owner = router.ownerOfKey(key);
    if (owner === undefined || owner === null) throw new Error(`"${key}" has no owner`);
    return owner;
  });
}
