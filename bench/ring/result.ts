/**
 * The results of the bench, as written to its files.
 *
 * @module
 */
import type { Properties } from "./properties.ts";
import type { Timing } from "./stopwatch.ts";

/** One contestant. */
export interface Entry {
  readonly name: string;
  readonly kind: "own" | "peer";
  readonly properties: Properties;
}

/** Times that were measured in turns. */
export interface Race {
  readonly what: string;
  /** N. */
  readonly members: number;
  /** One operation by contestant, nanoseconds. */
  readonly timings: Readonly<Record<string, Timing>>;
}

/** One run of the bench. */
export interface Result {
  readonly date: string;
  readonly command: string;
  readonly machine: Readonly<Record<string, string | number>>;
  /** Versions of ours and of the peers. */
  readonly versions: Readonly<Record<string, string>>;
  readonly rounds: number;
  readonly turnMs: number;
  readonly keys: number;
  /** Slots of our layouts. */
  readonly slots: Readonly<Record<string, number>>;
  readonly entries: readonly Entry[];
  readonly races: readonly Race[];
}

/** Races of the same thing, by ascending numbers of members. */
export function racesOf({ races }: Pick<Result, "races">, what: string): readonly Race[] {
  return races.filter((race) => race.what === what);
}

/** The median of one contestant in nanoseconds; undefined where it did not take part. */
export function medianOf(
  result: Pick<Result, "races">,
  what: string,
  members: number,
  name: string,
): number | undefined {
  return racesOf(result, what).find((race) => race.members === members)?.timings[name]?.median;
}
