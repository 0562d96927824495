/**
 * Tables in Markdown, as `deno fmt` would write them.
 *
 * @module
 */

/**
 * A table.
 *
 * @param head the columns' titles; all but the first are aligned to the right
 * @param rows the cells
 */
export function markdownTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const widths = head.map((title, at) =>
    Math.max(3, title.length, ...rows.map((row) => row[at]?.length ?? 0))
  );
  const line = (cells: readonly string[]) =>
    `| ${widths.map((width, at) => padded(cells[at] ?? "", width, at)).join(" | ")} |`;
  const rule = widths.map((width, at) =>
    at === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`
  );
  return [line(head), `| ${rule.join(" | ")} |`, ...rows.map(line)].join("\n");
}

function padded(text: string, width: number, at: number): string {
  return at === 0 ? text.padEnd(width) : text.padStart(width);
}

/**
 * Puts text between the marks `<!-- NAME -->` and `<!-- /NAME -->`, in the place of what is there.
 *
 * @param page the page
 * @param name the marks' name
 * @param text what belongs there
 * @throws {RangeError} When the page lacks a mark.
 */
export function between(page: string, name: string, text: string): string {
  const [start, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const [from, to] = [page.indexOf(start), page.indexOf(end)];
  if (from < 0 || to < from) throw new RangeError(`the page must have ${start} and ${end}`);
  return `${page.slice(0, from + start.length)}\n\n${text}\n\n${page.slice(to)}`;
}
