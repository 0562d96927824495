/**
 * `deno task bench:ring`: the ring beside npm's packages, properties and cost, in one run.
 *
 * @module
 */
import { print, printError } from "../../tools/print.ts";
import { ROOT } from "../../tools/project.ts";
import { ToolError } from "../../tools/tool.ts";
import { describeMachine, Missing, ownVersion } from "../harness/machine.ts";
import { saveResult } from "../harness/result.ts";
import { runBench } from "../harness/run.ts";
import { drawRingChart } from "./chart.ts";
import type { Contestant } from "./contestant.ts";
import { allContestants } from "./contestants.ts";
import { distinctKeys } from "./keys.ts";
import { HOME, OPTIONS, type Options } from "./options.ts";
import { SLOTS } from "./own.ts";
import { VERSIONS } from "./packages.ts";
import { propertiesOf } from "./properties.ts";
import { runRaces } from "./races.ts";
import { README, withFigures, withLayouts } from "./readme.ts";
import type { Entry, Result } from "./result.ts";
import { pageOf } from "./table.ts";

async function main(options: Options): Promise<void> {
  if (options.layouts) return await rewrite(withLayouts);
  const result = await play(await contestants(), options);
  const page = pageOf(result);
  print(page);
  const name = `ring${options.quick ? "-quick" : ""}`;
  await saveResult({ result, chart: await drawRingChart(result), page, name, out: options.out });
  if (options.out === HOME && !options.quick) await rewrite((text) => withFigures(text, result));
}

async function contestants(): Promise<readonly Contestant[]> {
  try {
    return await allContestants();
  } catch (error) {
    if (error instanceof Missing) throw new ToolError(error.message);
    throw error;
  }
}

async function play(all: readonly Contestant[], options: Options): Promise<Result> {
  const { rounds, turn: turnMs } = options;
  const date = new Date().toISOString();
  const machine = await describeMachine();
  const versions = { ringkeeper: await ownVersion(), ...VERSIONS };
  const races = [...runRaces(all, { rounds, turnMs }, (what) => printError(`timing: ${what}`))];
  const entries = entriesOf(all, options.keys);
  const command = ["deno task bench:ring", ...Deno.args].join(" ");
  const how = { command, machine, versions, rounds, turnMs, keys: options.keys, slots: SLOTS };
  return { date, ...how, entries, races };
}

function entriesOf(all: readonly Contestant[], count: number): Entry[] {
  const keys = distinctKeys(count, 16);
  return all.map((contestant) => {
    const { name, kind } = contestant;
    printError(`${count} keys: ${name}`);
    return { name, kind, properties: propertiesOf(contestant, keys) };
  });
}

/** Changes the README. */
async function rewrite(change: (text: string) => string): Promise<void> {
  const url = new URL(README, ROOT);
  await Deno.writeTextFile(url, change(await Deno.readTextFile(url)));
  printError(`wrote the figures in ${README}`);
}

if (import.meta.main) await runBench("bench-ring", OPTIONS, main);
