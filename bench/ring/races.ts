/**
 * Everything that is timed, race by race.
 *
 * @module
 */
import { building, type Case, changing, idLookup, keyLookup, slotLookup } from "./cases.ts";
import type { Contestant } from "./contestant.ts";
import { COUNTS } from "./contestants.ts";
import { LENGTHS } from "./keys.ts";
import { OWN_DEFAULTS } from "./own.ts";
import type { Race } from "./result.ts";
import { type Patience, race } from "./stopwatch.ts";

/** Numbers of members for 512 slots, which hold 56 of them in layout `ring`. */
const FEW: readonly number[] = [3, 10, 50];

/** The name of a race. */
export const NAMES = {
  slot: "slot of an id",
  id: "owner of an id",
  key: (length: number) => `owner of a key of ${length} characters`,
  build: "build",
  join: "add",
  leave: "remove",
  defaults: (what: string) => `${what}, 512 slots`,
};

/**
 * Times everything, one race after the other.
 *
 * @param contestants the contestants
 * @param patience how long
 * @param progress called before each race
 */
export function* runRaces(
  contestants: readonly Contestant[],
  patience: Patience,
  progress: (what: string) => void,
): Generator<Race> {
  const forgetful = contestants.filter(({ remembers }) => !remembers);
  const run = (what: string, members: number, make: (one: Contestant) => Case | undefined) =>
    timed(what, members, forgetful, make, patience, progress);
  for (const members of COUNTS) {
    yield run(NAMES.slot, members, (one) => slotLookup(one, members));
    yield run(NAMES.id, members, (one) => idLookup(one, members));
    for (const length of LENGTHS) {
      const what = NAMES.key(length);
      const lookup = (one: Contestant) => keyLookup(one, members, length);
      yield timed(what, members, contestants, lookup, patience, progress);
    }
    yield run(NAMES.build, members, (one) => building(one, members));
    yield run(NAMES.join, members, (one) => changing(one, members).join);
    yield run(NAMES.leave, members, (one) => changing(one, members).leave);
  }
  yield* racesOfDefaults(patience, progress);
}

/** Our layouts with the default number of slots. */
function* racesOfDefaults(
  patience: Patience,
  progress: (what: string) => void,
): Generator<Race> {
  const run = (what: string, members: number, make: (one: Contestant) => Case) =>
    timed(NAMES.defaults(what), members, OWN_DEFAULTS, make, patience, progress);
  for (const members of FEW) {
    yield run(NAMES.build, members, (one) => building(one, members));
    yield run(NAMES.join, members, (one) => changing(one, members).join);
    yield run(NAMES.leave, members, (one) => changing(one, members).leave);
  }
}

function timed(
  what: string,
  members: number,
  contestants: readonly Contestant[],
  make: (one: Contestant) => Case | undefined,
  patience: Patience,
  progress: (what: string) => void,
): Race {
  progress(`${what}, N = ${members}`);
  const cases = new Map<string, Case>();
  for (const one of contestants) {
    const made = make(one);
    if (made) cases.set(one.name, made);
  }
  return { what, members, timings: race(cases, patience) };
}
