/**
 * Tables in Markdown.
 *
 * @module
 */

/** A table's cell. */
export type Cell = string | number;

/**
 * A table: the first column to the left, the others to the right.
 *
 * @param head names of the columns
 * @param lines the cells of each line
 */
export function tableOf(head: readonly string[], lines: readonly (readonly Cell[])[]): string {
  const texts = [head, ...lines].map((line) => line.map(String));
  const widths = head.map((_, at) => Math.max(3, ...texts.map((line) => line[at]?.length ?? 0)));
  const row = (line: readonly string[]) =>
    `| ${line.map((text, at) => padded(text, at)).join(" | ")} |`;
  const padded = (text: string, at: number) => {
    const width = widths[at] ?? 0;
    return at === 0 ? text.padEnd(width) : text.padStart(width);
  };
  const rule = widths.map((width, at) =>
    at === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`
  );
  const [first = [], ...rest] = texts;
  return [row(first), `| ${rule.join(" | ")} |`, ...rest.map(row)].join("\n");
}

/** A number with commas between thousands. */
export function whole(value: number): string {
  return Number.isFinite(value) ? Math.round(value).toLocaleString("en-US") : "–";
}

/** A number with digits behind the point. */
export function fixed(value: number, digits: number): string {
  return Number.isFinite(value) ? value.toFixed(digits) : "–";
}

/** A part of a whole in per cent. */
export function percent(share: number, digits = 1): string {
  return Number.isFinite(share) ? `${(100 * share).toFixed(digits)} %` : "–";
}
