/**
 * Times that can be compared: contestants take turns, so that other load of the machine meets all.
 *
 * @module
 */
import { quantile } from "../harness/statistics.ts";
import type { Case } from "./cases.ts";

/** How long to measure. */
export interface Patience {
  /** How often each contestant has its turn. */
  readonly rounds: number;
  /** Milliseconds of a turn, about. */
  readonly turnMs: number;
}

/** Milliseconds and runs of warm-up for the compiler, unless a run is long. */
const WARM_UP_MS = 60;
const WARM_UP_RUNS = 12;
const LONGEST_WARM_UP_MS = 600;

/** Rounds of a case with operations that take ten turns or more. */
const SLOW_ROUNDS = 5;
const SLOW_TURNS = 10;

/** Most warm-up runs of a case, however short. */
const MAX_TIMES = 2 ** 24;

/** A contestant's time for one operation. */
export interface Timing {
  /** The middle round, nanoseconds. */
  readonly median: number;
  /** The quickest round, nanoseconds. */
  readonly best: number;
}

/**
 * Times cases against each other.
 *
 * @param cases the cases by name
 * @param patience how long
 */
export function race(
  cases: ReadonlyMap<string, Case>,
  { rounds, turnMs }: Patience,
): Record<string, Timing> {
  const turns = [...cases].map(([name, one]) => ({ name, one, ...paceOf(one, turnMs) }));
  const nanoseconds = new Map(turns.map(({ name }) => [name, [] as number[]]));
  for (let round = 0; round < rounds; round++) {
    for (const { name, one, times, slow } of rotated(turns, round)) {
      if (slow && round >= SLOW_ROUNDS) continue;
      nanoseconds.get(name)!.push(one.run(times) * 1e6 / times);
    }
  }
  return Object.fromEntries([...nanoseconds].map(([name, values]) => [name, timingOf(values)]));
}

function timingOf(values: number[]): Timing {
  const sorted = values.sort((one, two) => one - two);
  return { median: quantile(sorted, 0.5), best: quantile(sorted, 0) };
}

/** Warms a case up and finds out how often it runs within a turn. */
function paceOf(one: Case, turnMs: number): { times: number; slow: boolean } {
  let times = 1;
  let took = one.run(times);
  for (let spent = took, runs = 1; isCold(spent, runs); spent += took, runs++) {
    if (took < turnMs && times < MAX_TIMES) times *= 2;
    took = one.run(times);
  }
  const within = Math.round(times * turnMs / took);
  return {
    times: Math.max(1, Math.min(MAX_TIMES, within)),
    slow: took / times > SLOW_TURNS * turnMs,
  };
}

function isCold(spentMs: number, runs: number): boolean {
  return spentMs < LONGEST_WARM_UP_MS && (spentMs < WARM_UP_MS || runs < WARM_UP_RUNS);
}

/** The same in the same order, but another one first. */
function rotated<T>(all: readonly T[], by: number): T[] {
  const at = by % all.length;
  return [...all.slice(at), ...all.slice(0, at)];
}
