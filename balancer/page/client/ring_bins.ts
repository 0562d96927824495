/**
 * The outer band of a ring with many short runs, in parts that can be read: each part shows how many
 * of its slots belong to each owner. Pure.
 *
 * @module
 */
import type { Run } from "./ring_geometry.ts";

/** One owner's piece of a part, stacked from the inside out. */
export interface Piece {
  readonly owner: number;
  /** Where the piece begins and ends in the band's height, from 0 to 1. */
  readonly low: number;
  readonly high: number;
}

/** A part of the circle. */
export interface Bin {
  readonly from: number;
  readonly to: number;
  readonly pieces: readonly Piece[];
}

/** Runs shorter than this many pixels on average cannot be told apart. */
const READABLE_PX = 2.5;

/** Parts of the circle. */
const BINS = 120;

/**
 * Returns the parts of the outer band; undefined if its runs can be read as they are.
 *
 * @param runs the runs of slots
 * @param slots the number of slots
 * @param owners the number of owners
 * @param circumference of the band, in pixels
 */
export function binsOf(
  runs: readonly Run[],
  slots: number,
  owners: number,
  circumference: number,
): Bin[] | undefined {
  if (runs.length * READABLE_PX <= circumference) return undefined;
  const counts = Array.from({ length: BINS }, () => new Uint32Array(owners));
  for (const run of runs) {
    for (let slot = run.from; slot < run.to; slot++) {
      const bin = counts[Math.floor(slot / slots * BINS)];
      if (bin) bin[run.owner] = (bin[run.owner] ?? 0) + 1;
    }
  }
  return counts.map((bin, index) => ({
    from: index / BINS * slots,
    to: (index + 1) / BINS * slots,
    pieces: piecesOf(bin),
  }));
}

function piecesOf(counts: Uint32Array): Piece[] {
  const total = counts.reduce((sum, count) => sum + count, 0);
  let low = 0;
  return [...counts].flatMap((count, owner) => {
    if (count === 0) return [];
    const piece = { owner, low, high: low + count / total };
    low = piece.high;
    return [piece];
  });
}
