/**
 * `deno task experiments`: the measurements of the seed document, and more, with the real balancer.
 *
 * @module
 */
import { printError } from "../../tools/print.ts";
import { ROOT } from "../../tools/project.ts";
import { drawChart } from "../harness/chart.ts";
import { now } from "../harness/clock.ts";
import { describeMachine, ownVersion } from "../harness/machine.ts";
import type { ValuesOf } from "../harness/options.ts";
import { interruptible, runBench } from "../harness/run.ts";
import { csvOf } from "../harness/table.ts";
import { OPTIONS } from "./options.ts";
import type { Kept, Part } from "./part.ts";
import { PARTS } from "./parts.ts";
import { reportOf } from "./report.ts";
import { openRoom, type Room } from "./room.ts";

type Options = ValuesOf<typeof OPTIONS>;

async function main(options: Options): Promise<void> {
  const out = new URL(`${options.out}/experiments/`, ROOT);
  await Deno.mkdir(out, { recursive: true });
  if (!options.report) await runParts(options, out);
  const report = new URL("../experiments.md", out);
  await Deno.writeTextFile(report, await drawAll(out));
  printError(`wrote ${report.pathname}`);
}

async function runParts(options: Options, out: URL): Promise<void> {
  await using room = await openRoom(options, interruptible());
  const { only } = options;
  for (const part of PARTS.filter(({ name }) => only.length === 0 || only.includes(name))) {
    printError(`${part.name}: ${part.title}`);
    const kept = await runPart(part, room);
    await Deno.writeTextFile(fileOf(out, part.name, "json"), `${JSON.stringify(kept, null, 1)}\n`);
    await Deno.writeTextFile(fileOf(out, part.name, "csv"), csvOf(part.rows(kept.data)));
    printError(`${part.name}: ${kept.seconds} s`);
  }
}

async function runPart(part: Part, room: Room): Promise<Kept> {
  const start = now();
  const common = {
    part: part.name,
    date: new Date().toISOString(),
    engine: part.engine ?? room.engine,
    version: await ownVersion(),
    machine: await describeMachine(),
  };
  const data = await part.measure(room);
  return { ...common, seconds: Math.round((now() - start) / 1000), data };
}

/** Draws all charts that there is data for. @returns the report */
async function drawAll(out: URL): Promise<string> {
  const found: [Part, Kept][] = [];
  for (const part of PARTS) {
    const kept = await load(fileOf(out, part.name, "json"));
    if (!kept) continue;
    for (const chart of part.charts?.(kept.data) ?? []) {
      await Deno.writeTextFile(fileOf(out, chart.name, "svg"), await drawChart(chart));
    }
    found.push([part, kept]);
  }
  return reportOf(found);
}

async function load(file: URL): Promise<Kept | undefined> {
  try {
    return JSON.parse(await Deno.readTextFile(file));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

function fileOf(folder: URL, name: string, ending: string): URL {
  return new URL(`${name.toLowerCase()}.${ending}`, folder);
}

if (import.meta.main) await runBench("experiments", OPTIONS, main);
