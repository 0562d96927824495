/**
 * The geometry of the ring. Pure.
 *
 * @module
 */

/** Adjacent slots of one owner. */
export interface Run {
  /** Index of the owner. */
  readonly owner: number;
  /** The first slot. */
  readonly from: number;
  /** The slot after the last one. */
  readonly to: number;
}

/**
 * Parses runs as the API sends them: owner, length, owner, length, ...
 *
 * @param flat the numbers
 */
export function readRuns(flat: readonly number[]): Run[] {
  const runs: Run[] = [];
  let from = 0;
  for (let at = 0; at + 1 < flat.length; at += 2) {
    const to = from + (flat[at + 1] ?? 0);
    runs.push({ owner: flat[at] ?? 0, from, to });
    from = to;
  }
  return runs;
}

/** Returns the number of slots of each owner, up to the last one that has any. */
export function slotCounts(runs: readonly Run[]): number[] {
  const owners = runs.reduce((most, { owner }) => Math.max(most, owner + 1), 0);
  const counts = new Array<number>(owners).fill(0);
  for (const { owner, from, to } of runs) counts[owner] = (counts[owner] ?? 0) + to - from;
  return counts;
}

/** Returns the run that contains a slot. */
export function runAt(runs: readonly Run[], slot: number): Run | undefined {
  let low = 0;
  let high = runs.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((runs[middle]?.to ?? 0) > slot) high = middle;
    else low = middle + 1;
  }
  return runs[low];
}

/**
 * Returns the angle at which a slot begins: slot 0 at the top, then clockwise.
 *
 * @param slot the slot
 * @param slots the number of slots
 * @returns radians in the canvas's convention
 */
export function angleOf(slot: number, slots: number): number {
  return 2 * Math.PI * (slot / slots) - Math.PI / 2;
}

/**
 * Returns the slot at a point.
 *
 * @param x to the right of the centre
 * @param y below the centre
 * @param slots the number of slots
 */
export function slotAt(x: number, y: number, slots: number): number {
  const turn = (Math.atan2(y, x) + Math.PI / 2) / (2 * Math.PI);
  return Math.floor((turn < 0 ? turn + 1 : turn) * slots) % slots;
}

/** A part of the circle that changes its owner. */
export interface Move {
  /** From 0 to 1, clockwise from the top. */
  readonly from: number;
  readonly to: number;
  /** Name of the new owner. */
  readonly owner: string;
}

/** A table of owner indices and the owners' names. */
export interface Owned {
  readonly members: readonly string[];
  readonly table: ArrayLike<number>;
}

/**
 * Returns the parts of the circle that get another owner; adjacent parts with one new owner are
 * merged.
 *
 * @param before the table before the change
 * @param after the table after the change; its number of slots may differ
 */
export function movesBetween(before: Owned, after: Owned): Move[] {
  const parts = Math.max(before.table.length, after.table.length);
  const ownerAt = ({ members, table }: Owned, part: number) =>
    members[table[Math.floor((part + 0.5) / parts * table.length)] ?? -1];
  const moves: Move[] = [];
  for (let part = 0; part < parts; part++) {
    const owner = ownerAt(after, part);
    if (owner === undefined || owner === ownerAt(before, part)) continue;
    const last = moves.at(-1);
    const to = (part + 1) / parts;
    if (last?.owner === owner && last.to === part / parts) {
      moves[moves.length - 1] = { ...last, to };
    } else moves.push({ from: part / parts, to, owner });
  }
  return moves;
}
