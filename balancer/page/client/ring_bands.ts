/**
 * The bands of the drawing, as fractions of half its size. Pure.
 *
 * @module
 */

/** A band: its inner and its outer radius. */
export type Band = readonly [inner: number, outer: number];

/** The bands from the outside in. */
export interface Bands {
  /** Whether single slots are too narrow: only the slots of the marked replica are drawn. */
  readonly coarse: boolean;
  /** Radius of the slot numbers. */
  readonly numbers: number;
  /** Virtual servers, or the moves of a plan. */
  readonly outer: Band;
  readonly slots: Band;
  readonly shares: Band;
  /** Radius that the names do not exceed. */
  readonly names: number;
}

/** Every run of slots is drawn, and a narrow band of shares inside. */
const FINE: Bands = {
  coarse: false,
  numbers: 0.955,
  outer: [0.875, 0.92],
  slots: [0.68, 0.86],
  shares: [0.55, 0.64],
  names: 0.53,
};

/** Runs of slots would be noise: the shares have the wide band, and the slots a narrow one. */
const COARSE: Bands = {
  coarse: true,
  numbers: 0.955,
  outer: [0.86, 0.92],
  slots: [0.86, 0.92],
  shares: [0.66, 0.83],
  names: 0.64,
};

/** Runs shorter than this many pixels on average cannot be told apart. */
const READABLE_PX = 2.5;

/**
 * Returns the bands of a drawing.
 *
 * @param runs the number of runs of slots
 * @param size width of the drawing in pixels
 */
export function bandsOf(runs: number, size: number): Bands {
  const circumference = Math.PI * FINE.slots[1] * size;
  return runs * READABLE_PX <= circumference ? FINE : COARSE;
}

/**
 * Returns the band at a distance from the centre.
 *
 * @param distance as a fraction of half the size
 * @param bands the bands of the drawing
 */
export function bandAt(
  distance: number,
  { slots, outer, shares }: Bands,
): "slots" | "shares" | undefined {
  if (distance >= slots[0] && distance <= outer[1]) return "slots";
  return distance >= shares[0] && distance <= shares[1] ? "shares" : undefined;
}
