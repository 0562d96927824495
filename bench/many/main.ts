/**
 * `deno task bench:many`: the cost of many upstreams at rest, under load and for the main thread.
 *
 * @module
 */
import { print, printError } from "../../tools/print.ts";
import { RUN_DIR } from "../../tools/project.ts";
import { describeMachine, ownVersion } from "../harness/machine.ts";
import { BenchOptions, type ValuesOf } from "../harness/options.ts";
import { saveResult } from "../harness/result.ts";
import { interruptible, runBench } from "../harness/run.ts";
import { tableOf } from "../harness/table.ts";
import { type ManyCase, type ManyFigures, measure } from "./case.ts";

const CASES: readonly ManyCase[] = [
  { upstreams: 50, slots: 512 },
  { upstreams: 500, slots: 4096 },
  { upstreams: 1000, slots: 4096 },
  { upstreams: 1000, slots: 65_536 },
];

/** The longest block of the main thread that is good enough, in milliseconds. */
const GOAL_MS = 20;

/** The part of a core at rest that is good enough with a thousand upstreams. */
const GOAL_CPU = 0.05;

const OPTIONS = new BenchOptions(
  "bench:many",
  "Starts the balancer with many static upstreams and measures it.",
  "The whole takes about five minutes.",
)
  .names(
    "--upstreams",
    "numbers of upstreams",
    [...new Set(CASES.map(({ upstreams }) => String(upstreams)))],
  )
  .number("--seconds", "length of each window", [1, 600], 9)
  .folder("the folder of the result", "docs/bench", "docs/bench");

type Options = ValuesOf<typeof OPTIONS>;

async function main({ upstreams: counts, seconds, out }: Options): Promise<void> {
  const folder = new URL("bench-many", RUN_DIR).pathname;
  await Deno.mkdir(folder, { recursive: true });
  const date = new Date().toISOString();
  const machine = await describeMachine();
  const signal = interruptible();
  const figures: ManyFigures[] = [];
  const chosen = CASES.filter((one) => counts.length === 0 || counts.includes(`${one.upstreams}`));
  for (const one of chosen) {
    printError(`measuring ${one.upstreams} upstreams, ${one.slots} slots`);
    figures.push(await measure(one, { seconds, calls: 8, folder, signal }));
  }
  const [head = [], ...rows] = linesOf(figures);
  print(tableOf(head, rows));
  const result = { date, machine, version: await ownVersion(), figures };
  await saveResult({ result, name: "many", out });
}

function linesOf(figures: readonly ManyFigures[]): string[][] {
  const line = (name: string, read: (one: ManyFigures) => string) => [name, ...figures.map(read)];
  const blocks = Object.keys(figures[0]?.blocks ?? {});
  return [
    line("upstreams", ({ upstreams }) => String(upstreams)),
    line("slots", ({ slots }) => String(slots)),
    line("ready after, s", ({ readyAfterMs }) => (readyAfterMs / 1000).toFixed(2)),
    line(
      `a core at rest, % (goal ${GOAL_CPU * 100} at 1000)`,
      ({ cpuAtRest }) => (cpuAtRest * 100).toFixed(1),
    ),
    line("resident, MB", ({ rss }) => (rss / 1e6).toFixed(0)),
    line("requests/s", ({ requestsPerSecond }) => requestsPerSecond.toFixed(0)),
    ...blocks.map((name) =>
      line(
        `longest block, ms (goal ${GOAL_MS}): ${name}`,
        (one) => (one.blocks[name] ?? NaN).toFixed(1),
      )
    ),
  ];
}

if (import.meta.main) await runBench("bench-many", OPTIONS, main);
