/**
 * `deno task bench:ring`: the ring beside npm's packages, what they do and what it costs, in one run.
 *
 * @module
 */
import { takeLock } from "../../tools/up/lock.ts";
import { complain, say } from "../../tools/print.ts";
import { ROOT } from "../../tools/project.ts";
import { runTool, ToolError } from "../../tools/tool.ts";
import { describeMachine, ownVersion } from "../harness/machine.ts";
import { Missing } from "../harness/missing.ts";
import { saveResult } from "../harness/save.ts";
import { drawRingChart } from "./chart.ts";
import type { Contestant } from "./contestant.ts";
import { allContestants } from "./contestants.ts";
import { distinctKeys } from "./keys.ts";
import { HELP, type Options, readOptions } from "./options.ts";
import { SLOTS } from "./own.ts";
import { VERSIONS } from "./packages.ts";
import { propertiesOf } from "./properties.ts";
import { runRaces } from "./races.ts";
import { README, withFigures, withLayouts } from "./readme.ts";
import type { Entry, Result } from "./result.ts";
import { page } from "./table.ts";

async function main(): Promise<void> {
  const options = readOptions(Deno.args);
  if (options.help) return say(HELP);
  if (options.layouts) return await rewrite(withLayouts);
  using _lock = await takeLock("bench-ring");
  const result = await play(await contestants(), options);
  const table = page(result);
  say(table);
  await save(result, table, options);
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
  const { rounds, turnMs } = options;
  const date = new Date().toISOString();
  const machine = await describeMachine();
  const versions = { ringkeeper: await ownVersion(), ...VERSIONS };
  const races = [...runRaces(all, { rounds, turnMs }, (what) => complain(`timing: ${what}`))];
  const entries = entriesOf(all, options.keys);
  const command = ["deno task bench:ring", ...Deno.args].join(" ");
  const how = { command, machine, versions, rounds, turnMs, keys: options.keys, slots: SLOTS };
  return { date, ...how, entries, races };
}

function entriesOf(all: readonly Contestant[], count: number): Entry[] {
  const keys = distinctKeys(count, 16);
  return all.map((contestant) => {
    const { name, kind } = contestant;
    complain(`${count} keys: ${name}`);
    return { name, kind, properties: propertiesOf(contestant, keys) };
  });
}

async function save(result: Result, table: string, options: Options): Promise<void> {
  const { out, quick, readme } = options;
  const name = `ring${quick ? "-quick" : ""}`;
  await saveResult({ result, chart: await drawRingChart(result), table, name, out });
  if (readme) await rewrite((text) => withFigures(text, result));
}

/** Writes the README anew. */
async function rewrite(change: (text: string) => string): Promise<void> {
  const url = new URL(README, ROOT);
  await Deno.writeTextFile(url, change(await Deno.readTextFile(url)));
  complain(`wrote the figures in ${README}`);
}

if (import.meta.main) await runTool(main);
