/**
 * Where results go.
 *
 * @module
 */
import { complain } from "../../tools/print.ts";
import { ROOT } from "../../tools/project.ts";

/** What is kept of a run. */
export interface Kept {
  /** Written as JSON; its date is part of the files' names. */
  readonly result: { readonly date: string };
  /** The same as a picture, SVG. */
  readonly chart: string;
  /** The same as a page, Markdown. */
  readonly table?: string;
  /** Name of the bench, part of the files' names. */
  readonly name: string;
  /** The folder, from the project's root. */
  readonly out: string;
}

/** Writes a result and its chart, and says where they are. */
export async function saveResult({ result, chart, table, name, out }: Kept): Promise<void> {
  const folder = new URL(`${out.replace(/\/$/, "")}/`, ROOT);
  await Deno.mkdir(folder, { recursive: true });
  const path = `${folder.pathname}${result.date.slice(0, 10)}-${name}`;
  await Deno.writeTextFile(`${path}.json`, `${JSON.stringify(result, null, 2)}\n`);
  await Deno.writeTextFile(`${path}.svg`, chart);
  if (table !== undefined) await Deno.writeTextFile(`${path}.md`, table);
  complain(`\nwrote ${path}.json and ${path}.svg`);
}
