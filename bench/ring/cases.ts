/**
 * The timed cases.
 *
 * @module
 */
import type { Contestant, Router } from "./contestant.ts";
import { distinctKeys, memberNames } from "./keys.ts";

/** Keys of one length: more than the 5000 that `hashring` caches. */
const KEYS = 6000;

/** Ids start again here, while all are still small integers of V8. */
const MAX_ID = 1e9;

/**
 * Ids that are looked up in one call. One call for a whole turn would be compiled in the middle of its
 * loop, and only half optimized: a lookup of an id then took four times as long.
 */
const PIECE = 1000;

/** A key for the first answer after a change. */
const PROBE = ["alice"];

/** One operation of one contestant with one number of members. */
export interface Case {
  /**
   * Runs the operation a number of times, with the next keys or members each time.
   *
   * @param times a whole number from 1 up
   * @returns the milliseconds that it took
   * @throws {Error} When an answer is missing.
   */
  run(times: number): number;
}

/** Looks up ids that follow each other. */
export function idLookup(contestant: Contestant, members: number): Case {
  const router = contestant.build(memberNames(members));
  let next = 0;
  return {
    run: (times) => {
      const from = next > MAX_ID ? 0 : next;
      next = from + times;
      const start = performance.now();
      const found = inPieces(from, next, (start, end) => router.lookUpIds(start, end));
      const took = performance.now() - start;
      return checked(took, found, times);
    },
  };
}

/** Looks up the slots of ids that follow each other; undefined where a contestant has no slots. */
export function slotLookup(contestant: Contestant, members: number): Case | undefined {
  const router = contestant.build(memberNames(members));
  if (!router.slotsOfIds) return undefined;
  const run = (times: number) => {
    const start = performance.now();
    const sum = inPieces(0, times, (start, end) => router.slotsOfIds!(start, end));
    const took = performance.now() - start;
    // The sum is of 32 bits; it is checked only so that the compiler keeps its computation.
    return checked(took, Number.isInteger(sum) ? times : 0, times);
  };
  return { run };
}

/** The sum of the results of calls for parts of a range. */
function inPieces(from: number, to: number, call: (from: number, to: number) => number): number {
  let sum = 0;
  for (let at = from; at < to; at += PIECE) sum += call(at, Math.min(at + PIECE, to));
  return sum;
}

/**
 * Looks up keys of one length, one after the other, repeatedly. Each is a new string each time, as in
 * a request: V8 keeps the hash of a known string, which would save a contestant with a cache half of
 * its work.
 */
export function keyLookup(contestant: Contestant, members: number, length: number): Case {
  const router = contestant.build(memberNames(members));
  const keys = distinctKeys(KEYS, length);
  if (contestant.remembers) router.lookUpKeys(keys, 0, KEYS);
  let next = 0;
  return {
    run: (times) => {
      let found = 0;
      let took = 0;
      for (let left = times; left > 0;) {
        const end = Math.min(KEYS, next + left);
        const fresh = structuredClone(keys.slice(next, end));
        const start = performance.now();
        found += router.lookUpKeys(fresh, 0, fresh.length);
        took += performance.now() - start;
        left -= fresh.length;
        next = end % KEYS;
      }
      return checked(took, found, times);
    },
  };
}

/** Builds from names up to the first answer. */
export function building(contestant: Contestant, members: number): Case {
  const names = memberNames(members);
  const run = (times: number) => {
    let found = 0;
    const start = performance.now();
    for (let at = 0; at < times; at++) found += answers(contestant.build(names));
    return checked(performance.now() - start, found, times);
  };
  return { run };
}

/** A member joins and one leaves, alternately, so that there are N or N + 1. */
export function changing(contestant: Contestant, members: number): Record<"join" | "leave", Case> {
  const turnover = new Turnover(contestant, members);
  const timed = (which: "join" | "leave"): Case => ({
    run: (times) => {
      let took = 0;
      for (let at = 0; at < times; at++) {
        for (const change of ["join", "leave"] as const) {
          const start = performance.now();
          turnover[change]();
          if (change === which) took += performance.now() - start;
        }
      }
      return took;
    },
  });
  return { join: timed("join"), leave: timed("leave") };
}

/**
 * Changes of the members, which must alternate. Some contestants defer work to the next lookup, so
 * each change includes the first answer after it.
 */
class Turnover {
  readonly #members: number;
  #router: Router;
  #waiting: string;
  #next = 0;

  /**
   * @param contestant the contestant whose members change
   * @param members how many there are before one joins
   */
  constructor(contestant: Contestant, members: number) {
    this.#members = members;
    this.#router = contestant.build(memberNames(members));
    this.#waiting = `Server${members + 1}`;
  }

  /** Adds the name that is not a member. */
  join(): void {
    this.#router = this.#router.add(this.#waiting);
    checked(0, answers(this.#router), 1);
  }

  /** The next member leaves. */
  leave(): void {
    this.#waiting = `Server${this.#next++ % this.#members + 1}`;
    this.#router = this.#router.remove(this.#waiting);
    checked(0, answers(this.#router), 1);
  }
}

function answers(router: Router): number {
  return router.lookUpKeys(PROBE, 0, 1);
}

function checked(took: number, found: number, times: number): number {
  if (found === times) return took;
  throw new Error(`${times - found} of ${times} lookups found no owner`);
}
