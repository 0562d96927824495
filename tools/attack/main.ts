/**
 * `deno task attack`: attacks its own balancers on loopback and prints the findings.
 *
 * @module
 */
import { tableOf } from "../../bench/harness/table.ts";
import { takeLock } from "../up/lock.ts";
import { print, printError } from "../print.ts";
import { RUN_DIR } from "../project.ts";
import { runCommand, taskCommand, wholeNumber, wrongUsage } from "../up/task_command.ts";
import { ToolError } from "../tool.ts";
import type { Attack, Result } from "./attack.ts";
import { floods } from "./floods.ts";
import { mutations } from "./mutations.ts";
import { paths } from "./paths.ts";
import { resets } from "./resets.ts";
import { smuggling } from "./smuggling.ts";

/** All attacks, in the order in which they run. */
const ATTACKS: readonly Attack[] = [paths, smuggling, mutations, resets, floods];

/** The options of the command line. */
interface Options {
  readonly only?: string;
  readonly count?: number;
  readonly seed: number;
  readonly seconds: number;
}

/** An attack's results and duration. */
interface Outcome {
  readonly attack: Attack;
  readonly results: readonly Result[];
  readonly seconds: number;
}

const command = taskCommand("attack", "Attacks balancers on loopback that it starts itself.")
  .option("--only <names>", `attacks, parted by commas: ${ATTACKS.map(({ name }) => name)}`)
  .option("--count <n>", "requests or messages of each attack", wholeNumber("--count", 1, 1e7))
  .option("--seed <n>", "where random numbers begin", wholeNumber("--seed", 1, 2 ** 31 - 1), 12)
  .option("--seconds <n>", "duration of each flood", wholeNumber("--seconds", 1, 600), 10)
  .action(async (options: Options) => {
    await Deno.mkdir(RUN_DIR, { recursive: true });
    using _lock = await takeLock("attack");
    const outcomes: Outcome[] = [];
    for (const attack of chosen(options.only)) outcomes.push(await play(attack, options));
    report(outcomes);
  });

function chosen(only: string | undefined): readonly Attack[] {
  if (only === undefined) return ATTACKS;
  const names = ATTACKS.map(({ name }) => name);
  return only.split(",").map((name) => {
    const attack = ATTACKS.find((one) => one.name === name);
    if (!attack) throw wrongUsage("--only", `some of ${names.join(", ")}`, name);
    return attack;
  });
}

async function play(attack: Attack, { count, seed, seconds }: Options): Promise<Outcome> {
  printError(`${attack.name}: ${attack.about} ...`);
  const begun = performance.now();
  const results = await attack.run({ count: count ?? attack.count, seed, seconds });
  return { attack, results, seconds: Math.round((performance.now() - begun) / 1000) };
}

function report(outcomes: readonly Outcome[]): void {
  const rows = outcomes.flatMap(({ attack, results, seconds }) =>
    results.map(({ against, tried, fallen }, at) => [
      `${attack.name}: ${against}`,
      String(tried),
      String(fallen.length),
      at === 0 ? String(seconds) : "",
    ])
  );
  const notes = outcomes.flatMap(({ results }) => results.map(({ note }) => note));
  const cells = rows.map((row, at) => [...row, notes[at] ?? ""]);
  print(tableOf(["attack", "tried", "fell", "s", "figures"], cells));
  const fallen = outcomes.flatMap(({ attack, results }) =>
    results.flatMap((result) => result.fallen.map((what) => `${attack.name}: ${what}`))
  );
  if (fallen.length > 0) throw new ToolError(`the balancer fell:\n${fallen.join("\n")}`);
}

if (import.meta.main) await runCommand(command);
