/**
 * Where the experiments' files are.
 *
 * @module
 */
import { ROOT } from "../../tools/project.ts";
import { drawChart } from "../harness/chart.ts";
import type { PngMaker } from "../harness/png.ts";
import { csvOf } from "./csv.ts";
import type { Kept, Part } from "./part.ts";

/** Pixels of a PNG for each of the SVG, for screens that have two where others have one. */
const ZOOM = 2;

/** A folder with a report, its data and its charts. */
export class Store {
  readonly #report: URL;
  readonly #folder: URL;

  /** @param out the folder, from the project's root */
  constructor(out: string) {
    this.#report = new URL(`${out}/experiments.md`, ROOT);
    this.#folder = new URL(`${out}/experiments/`, ROOT);
  }

  /** What a part found when it ran last; undefined if it never did. */
  async load({ name }: Part): Promise<Kept | undefined> {
    try {
      return JSON.parse(await Deno.readTextFile(this.#file(name, "json")));
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw error;
    }
  }

  /** Keeps what a part found, as JSON and as CSV. */
  async save(part: Part, kept: Kept): Promise<void> {
    await Deno.mkdir(this.#folder, { recursive: true });
    await Deno.writeTextFile(this.#file(part.name, "json"), `${JSON.stringify(kept, null, 1)}\n`);
    await Deno.writeTextFile(this.#file(part.name, "csv"), csvOf(part.rows(kept.data)));
  }

  /** Draws a part's charts, as SVG and as PNG. */
  async draw(part: Part, { data }: Kept, png: PngMaker): Promise<void> {
    for (const chart of part.charts(data)) {
      const svg = await drawChart(chart);
      await Deno.writeTextFile(this.#file(chart.name, "svg"), svg);
      await Deno.writeFile(this.#file(chart.name, "png"), png.draw(svg, ZOOM));
    }
  }

  /** Writes the report. @returns where it is */
  async write(report: string): Promise<string> {
    await Deno.writeTextFile(this.#report, report);
    return this.#report.pathname;
  }

  #file(name: string, ending: string): URL {
    return new URL(`${name.toLowerCase()}.${ending}`, this.#folder);
  }
}
