/**
 * `deno task bench:many`: what many upstreams cost, at rest, under load and for the main thread.
 *
 * @module
 */
import { CommandLine } from "../../tools/command_line.ts";
import { complain, say } from "../../tools/print.ts";
import { ROOT, RUN_DIR } from "../../tools/project.ts";
import { runTool } from "../../tools/tool.ts";
import { takeLock } from "../../tools/up/lock.ts";
import { describeMachine, ownVersion } from "../harness/machine.ts";
import { tableOf } from "../harness/table.ts";
import { type ManyCase, type ManyFigures, measure } from "./case.ts";

const HELP = `Starts the balancer with many static upstreams and measures it.

Usage: deno task bench:many [options]

  --upstreams N   50, 500 or 1000; may be repeated (default: all)
  --seconds N     length of each window (default 9)
  --out FOLDER    where the result goes, docs/bench or .run (default docs/bench)
  --help          this text`;

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

const COMMAND_LINE = new CommandLine("bench:many");

const OPTIONS = {
  upstreams: { type: "string", multiple: true },
  seconds: { type: "string" },
  out: { type: "string" },
  help: { type: "boolean", short: "h" },
} as const;

async function main(): Promise<void> {
  const given = COMMAND_LINE.parse(Deno.args, OPTIONS);
  if (given.help) return say(HELP);
  const counts = given.upstreams?.map((value) => COMMAND_LINE.whole("--upstreams", value, 1, 1000));
  const seconds = COMMAND_LINE.whole("--seconds", given.seconds ?? "9", 1, 600);
  using _lock = await takeLock("bench-many");
  const folder = new URL("bench-many", RUN_DIR).pathname;
  await Deno.mkdir(folder, { recursive: true });
  const figures: ManyFigures[] = [];
  for (const one of CASES.filter(({ upstreams }) => counts?.includes(upstreams) ?? true)) {
    complain(`measuring ${one.upstreams} upstreams, ${one.slots} slots`);
    figures.push(await measure(one, { seconds, calls: 8, folder }));
  }
  const [head = [], ...rows] = linesOf(figures);
  say(tableOf(head, rows));
  await save(figures, given.out ?? "docs/bench");
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

async function save(figures: readonly ManyFigures[], out: string): Promise<void> {
  const date = new Date().toISOString();
  const machine = await describeMachine();
  const result = { date, machine, version: await ownVersion(), figures };
  const path = new URL(`${out}/${date.slice(0, 10)}-many.json`, ROOT);
  await Deno.writeTextFile(path, `${JSON.stringify(result, null, 2)}\n`);
  complain(`wrote ${path.pathname}`);
}

if (import.meta.main) await runTool(main);
