/**
 * What a replica tells the gate: a number on each line.
 *
 * @module
 */

/**
 * Reads the whole lines of a text.
 *
 * @param text what has come so far
 * @returns the numbers, and the beginning of a line whose end has not come
 */
export function countsIn(text: string): { counts: number[]; rest: string } {
  const lines = text.split("\n");
  const rest = lines.pop() ?? "";
  return { counts: lines.map(Number), rest };
}
