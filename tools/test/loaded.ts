/**
 * `deno task test:loaded`: runs the tests several times while all cores are kept busy, and lists
 * the tests that failed in some of the runs. A test that fails in one run of many depends on time.
 *
 * @module
 */
import { run, sameDeno } from "../command.ts";
import { print, printError } from "../print.ts";
import { ROOT, RUN_DIR } from "../project.ts";
import { ToolError } from "../tool.ts";
import { runCommand, taskCommand, wholeNumber } from "../up/task_command.ts";
import { listedFailures, runsOfFailures } from "./report.ts";

/** Longest time for one run, in milliseconds. */
const RUN_MS = 3 * 3_600_000;

/** A loop that computes, and ends with its parent. */
const BUSY = "while kill -0 $PPID; do i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done; done";

/** The options of the command line. */
interface Options {
  readonly runs: number;
  readonly busy: number;
}

const cores = navigator.hardwareConcurrency;
const command = taskCommand("test:loaded", "Runs tests repeatedly on busy cores, to find flakes.")
  .argument("[paths...]", "test files and folders; all if none is given")
  .option("--runs <n>", "how often", wholeNumber("--runs", 1, 1000), 10)
  .option("--busy <n>", "processes that keep cores busy", wholeNumber("--busy", 0, 1000), cores)
  .action(async (paths: string[], { runs, busy }: Options) => {
    const loops = Array.from({ length: busy }, () => spawnLoop());
    try {
      report(runs, await failuresOf(runs, paths));
    } finally {
      for (const loop of loops) loop.kill("SIGKILL");
    }
  });

function spawnLoop(): Deno.ChildProcess {
  const [stdin, stdout, stderr] = ["null", "null", "null"] as const;
  return new Deno.Command("sh", { args: ["-c", BUSY], stdin, stdout, stderr }).spawn();
}

/** Runs the tests. @returns the failures of each run */
async function failuresOf(runs: number, paths: readonly string[]): Promise<string[][]> {
  const failures: string[][] = [];
  for (let nth = 1; nth <= runs; nth++) failures.push(await runOnce(nth, runs, paths));
  return failures;
}

async function runOnce(nth: number, runs: number, paths: readonly string[]): Promise<string[]> {
  const start = performance.now();
  const words = ["task", "--quiet", "test:only", ...paths];
  const { code, stdout, stderr } = await run("sh", sameDeno(words), {
    cwd: ROOT,
    timeoutMs: RUN_MS,
  });
  await Deno.mkdir(RUN_DIR, { recursive: true });
  const log = new URL(`loaded-${nth}.log`, RUN_DIR);
  await Deno.writeTextFile(log, stdout + stderr);
  const minutes = ((performance.now() - start) / 60_000).toFixed(1);
  const last = stdout.trimEnd().split("\n").at(-1) ?? "";
  printError(`run ${nth} of ${runs}: ${last}, ${minutes} min, ${log.pathname}`);
  const failures = listedFailures(stdout);
  return code === 0 || failures.length > 0 ? failures : [`exit code ${code}`];
}

function report(runs: number, failures: readonly string[][]): void {
  const sorted = runsOfFailures(failures);
  for (const [failure, count] of sorted) print(`failed in ${count} of ${runs} runs: ${failure}`);
  if (sorted.length > 0) throw new ToolError(`${sorted.length} tests failed on busy cores`);
  print(`no test failed in ${runs} runs`);
}

if (import.meta.main) await runCommand(command);
