/**
 * Tables of text.
 *
 * @module
 */

/**
 * Lines of cells below each other: the first column to the left, the others to the right. A line
 * may have fewer cells than others.
 *
 * @param lines the cells of each line
 */
export function alignedLines(lines: readonly (readonly string[])[]): string[] {
  const columns = Math.max(0, ...lines.map((line) => line.length));
  const widths = Array.from({ length: columns }, (_, at) => widest(lines, at));
  const pad = (text: string, at: number) =>
    at === 0 ? text.padEnd(widths[0] ?? 0) : text.padStart(widths[at] ?? 0);
  return lines.map((line) => line.map(pad).join("  "));
}

function widest(lines: readonly (readonly string[])[], at: number): number {
  return Math.max(...lines.map((line) => line[at]?.length ?? 0));
}
