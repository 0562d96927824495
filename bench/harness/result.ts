/**
 * Results: the numbers in them, and the files that they are written to.
 *
 * @module
 */
import { printError } from "../../tools/print.ts";
import { ROOT } from "../../tools/project.ts";

/** A kind of number. */
export interface Metric {
  readonly key: string;
  /** Name and unit. */
  readonly label: string;
  readonly digits: number;
  /** The better one of two values. Without it values are not compared. */
  readonly better?: "less" | "more";
  /** Whether the least and the greatest value of the rounds are shown, too. */
  readonly spread?: boolean;
}

/** A result and its presentations. */
interface Saved {
  /** Written as JSON; its date is part of the files' names. */
  readonly result: { readonly date: string };
  /** SVG. */
  readonly chart?: string;
  /** A page in Markdown. */
  readonly page?: string;
  /** Name of the bench, part of the files' names. */
  readonly name: string;
  /** The folder, from the project's root. */
  readonly out: string;
}

/** Writes a result and its presentations, and prints where they are. */
export async function saveResult({ result, chart, page, name, out }: Saved): Promise<void> {
  const folder = new URL(`${out}/`, ROOT);
  await Deno.mkdir(folder, { recursive: true });
  const path = `${folder.pathname}${result.date.slice(0, 10)}-${name}`;
  await Deno.writeTextFile(`${path}.json`, `${JSON.stringify(result, null, 2)}\n`);
  if (chart !== undefined) await Deno.writeTextFile(`${path}.svg`, chart);
  if (page !== undefined) await Deno.writeTextFile(`${path}.md`, page);
  printError(`\nwrote ${path}.json`);
}
