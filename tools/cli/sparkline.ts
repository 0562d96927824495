/**
 * A series of figures in one line of a terminal.
 *
 * @module
 */

const BLOCKS = "▁▂▃▄▅▆▇█";

/**
 * Draws the newest values, scaled from 0 to the largest of them.
 *
 * @param values the series, the oldest first; null where nothing is known
 * @param width number of characters; several values that share one are shown by the largest
 */
export function sparkline(values: readonly (number | null)[], width: number): string {
  const cells = cellsOf(values, width);
  const most = Math.max(...cells.map((value) => value ?? 0), Number.MIN_VALUE);
  return cells.map((value) => value === null ? " " : blockOf(value / most)).join("")
    .padStart(width);
}

function blockOf(part: number): string {
  return BLOCKS[Math.min(BLOCKS.length - 1, Math.floor(part * BLOCKS.length))] ?? " ";
}

function cellsOf(values: readonly (number | null)[], width: number): (number | null)[] {
  const each = Math.max(1, Math.ceil(values.length / width));
  const cells: (number | null)[] = [];
  // From the newest back, so that only the oldest cell may be incomplete.
  for (let end = values.length; end > 0; end -= each) {
    const known = values.slice(Math.max(0, end - each), end).filter((value) => value !== null);
    cells.unshift(known.length === 0 ? null : Math.max(...known));
  }
  return cells;
}
