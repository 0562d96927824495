/**
 * What the ring is to reach, and whether it does.
 *
 * @module
 */
import { COUNTS } from "./contestants.ts";
import { LAYOUTS } from "./own.ts";
import { NAMES } from "./races.ts";
import { medianOf, type Result } from "./result.ts";

/** One goal. */
export interface Goal {
  readonly what: string;
  readonly atMost: number;
  /** What was measured: of the layout and the number of members that it is worst with. */
  readonly measured: number;
  readonly met: boolean;
}

/** The default layout, which lookups are judged by: they are the same in all. */
const DEFAULT = `${LAYOUTS[0]} (ours)`;

/** Nanoseconds of a millisecond. */
const MS = 1e6;

/** The goals, with what was measured. */
export function goalsOf(result: Result): Goal[] {
  const worst = (what: string) =>
    Math.max(...COUNTS.map((members) => medianOf(result, what, members, DEFAULT) ?? NaN));
  const ratios = COUNTS.map((members) => ratioToPeers(result, members));
  return [
    goal("slot of an id, ns", 1, worst(NAMES.slot)),
    goal("owner of an id, ns", 1, worst(NAMES.id)),
    goal(
      "owner of a key of 16 characters over the fastest consistent peer",
      0.6,
      Math.max(...ratios),
    ),
    ...LAYOUTS.map((layout) => changeGoal(result, layout)),
  ];
}

function changeGoal(result: Result, layout: string): Goal {
  const times = [NAMES.join, NAMES.leave].map((what) =>
    medianOf(result, what, 1000, `${layout} (ours)`) ?? NaN
  );
  return goal(`add or remove at N = 1000, ${layout}, ms`, 1, Math.max(...times) / MS);
}

function goal(what: string, atMost: number, measured: number): Goal {
  return { what, atMost, measured, met: measured <= atMost };
}

function ratioToPeers(result: Result, members: number): number {
  const what = NAMES.key(16);
  const peers = result.entries
    .filter(({ kind, properties }) => kind === "peer" && properties.consistent)
    .map(({ name }) => medianOf(result, what, members, name) ?? Infinity);
  return (medianOf(result, what, members, DEFAULT) ?? NaN) / Math.min(...peers);
}
