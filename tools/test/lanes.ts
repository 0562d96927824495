/**
 * Runs batches of test files in processes side by side.
 *
 * @module
 */
import { run, sameDeno, show, TIMED_OUT } from "../command.ts";
import { print } from "../print.ts";
import { RUN_DIR } from "../project.ts";
import type { Batch } from "./batches.ts";
import { writeImportModule } from "./import_module.ts";
import { BatchFolder } from "./leftovers.ts";
import { countTests, failedTests, NO_TESTS, plus, type TestCounts } from "./report.ts";

/** Tests start servers, processes and containers, and send signals to them. */
const PERMISSIONS = [
  "--allow-net",
  "--allow-read",
  "--allow-write",
  "--allow-run",
  "--allow-env",
  "--allow-sys",
];

/** Processes that run tests at the same time: two for each core, since about half of them wait. */
const LANES = Math.min(8, 2 * navigator.hardwareConcurrency);

/** Longest time for one batch, in milliseconds: a busy machine may be eight times slower. */
const BATCH_MS = 25 * 60_000;

/** Number of batches that are listed as the slowest. */
const LISTED = 10;

/** The result of all batches. */
interface Sum {
  counts: TestCounts;
  readonly failures: string[];
  /** Batches with their duration in milliseconds. */
  readonly durations: [ms: number, files: readonly string[]][];
}

/**
 * Runs the batches, and prints the failures and the slowest batches at the end. Half of the lanes
 * take batches from the front, which wait for containers most of the time, and the others from the
 * back, which compute.
 *
 * @param batches the test files
 * @param options options of `deno test`
 */
export async function runBatches(
  batches: readonly Batch[],
  options: readonly string[],
): Promise<TestCounts> {
  const left = [...batches];
  const sum: Sum = { counts: NO_TESTS, failures: [], durations: [] };
  await Promise.all(Array.from({ length: LANES }, async (_, lane) => {
    const take = () => lane % 2 === 0 ? left.shift() : left.pop();
    for (let batch = take(); batch; batch = take()) await addBatch(sum, batch, options);
  }));
  printSlowest(sum);
  if (sum.failures.length > 0) print(`\nfailed:\n${sum.failures.join("\n")}\n`);
  return sum.counts;
}

/** Runs tests on the tool's own terminal. */
export function denoTest(args: readonly string[]): Promise<TestCounts> {
  return reported(args, (command) => show("sh", command));
}

async function addBatch(
  sum: Sum,
  { files, pure }: Batch,
  options: readonly string[],
): Promise<void> {
  const folder = await BatchFolder.make();
  const start = performance.now();
  const module = `${folder.path}_test.ts`;
  const paths = pure ? [await writeImportModule(module, files)] : files;
  const counts = await captured([...options, ...paths], sum.failures, folder.env);
  if (pure) await Deno.remove(module);
  sum.durations.push([performance.now() - start, files]);
  const left = (await folder.leftovers()).map((one) => `left by ${files.join(" ")}: ${one}`);
  sum.failures.push(...left);
  sum.counts = plus(plus(sum.counts, counts), { ...NO_TESTS, failed: left.length > 0 ? 1 : 0 });
}

/** Runs tests, and prints their output once they are over, so that two outputs do not mix. */
async function captured(
  args: readonly string[],
  failures: string[],
  env: Record<string, string>,
): Promise<TestCounts> {
  return await reported(args, async (command) => {
    const { code, stdout, stderr } = await run("sh", command, { timeoutMs: BATCH_MS, env });
    print(stdout + stderr);
    failures.push(...failedTests(stdout));
    if (code === TIMED_OUT) failures.push(`not over within ${BATCH_MS} ms: ${args.join(" ")}`);
    return code;
  });
}

/** Counts the tests of one run by its report. */
async function reported(
  args: readonly string[],
  runIt: (command: readonly string[]) => Promise<number>,
): Promise<TestCounts> {
  await Deno.mkdir(RUN_DIR, { recursive: true });
  const report = await Deno.makeTempFile({ dir: RUN_DIR.pathname, suffix: ".xml" });
  try {
    const code = await runIt(sameDeno(["test", ...PERMISSIONS, `--junit-path=${report}`, ...args]));
    return countTests(await Deno.readTextFile(report), code);
  } finally {
    await Deno.remove(report);
  }
}

function printSlowest({ durations }: Sum): void {
  const slowest = durations.sort(([a], [b]) => b - a).slice(0, LISTED);
  print("the slowest:");
  for (const [ms, [first, ...more]] of slowest) {
    const others = more.length > 0 ? ` and ${more.length} more files` : "";
    print(`${(ms / 1000).toFixed(0).padStart(5)} s  ${first}${others}`);
  }
}
