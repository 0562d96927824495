/**
 * Runs the tests, and the examples in the ring's documentation; the last line of output is
 * `N passed, N failed`. Arguments restrict the run to files and folders, or are options of
 * `deno test`.
 *
 * @module
 */
import { run, sameDeno, show, TIMED_OUT } from "../command.ts";
import { inspectDocker } from "../docker/engine_choice.ts";
import { buildImages, DEFAULT_IMAGES } from "../docker/images.ts";
import { print, printError } from "../print.ts";
import { ROOT, RUN_DIR } from "../project.ts";
import { batchesOf } from "./batches.ts";
import { countTests, failedTests, plus, type TestCounts } from "./report.ts";
import { runTool, ToolError } from "../tool.ts";

/** Tests start servers, processes and containers, and send signals to them. */
const PERMISSIONS = [
  "--allow-net",
  "--allow-read",
  "--allow-write",
  "--allow-run",
  "--allow-env",
  "--allow-sys",
];

async function runTests(): Promise<number> {
  const chosen = Deno.args;
  await prepareDocker();
  let sum = await allBatches(chosen);
  const examples = chosen.length === 0 ? await documentedModules() : [];
  if (examples.length > 0) sum = plus(sum, await denoTest(["--doc", ...examples]));
  if (sum.ignored > 0) {
    print(
      `${sum.ignored} ignored: this machine lacks a program or a system that they need; ` +
        "where both are present, deno task test runs them",
    );
  }
  if (sum.passed + sum.failed === 0) printError("error: no test ran");
  print(`${sum.passed} passed, ${sum.failed} failed`);
  return sum.failed > 0 || sum.passed === 0 ? 1 : 0;
}

/** The tests of the docker engine start containers of the replica's image. */
async function prepareDocker(): Promise<void> {
  const { trouble } = await inspectDocker();
  if (trouble) return printError(`tests on Docker are left out: ${trouble}`);
  try {
    await buildImages(printError, { replica: DEFAULT_IMAGES.replica });
  } catch (error) {
    if (!(error instanceof ToolError)) throw error;
    printError(`warning: tests on Docker will not find their image: ${error.message}`);
  }
}

/** Processes that run tests at the same time. */
const LANES = 2;

/** Longest time for one batch, in milliseconds. */
const BATCH_MS = 15 * 60_000;

/**
 * Runs the batches. Types are checked by the gates; otherwise each worker that a test starts would
 * be checked again.
 */
async function allBatches(chosen: readonly string[]): Promise<TestCounts> {
  const options = ["--no-check", ...chosen.filter((word) => word.startsWith("-"))];
  const batches = await batchesOf(chosen.filter((word) => !word.startsWith("-")));
  const [only, ...others] = batches;
  if (only && others.length === 0) return await denoTest([...options, ...only]);
  const failures: string[] = [];
  let sum: TestCounts = { passed: 0, failed: 0, ignored: 0 };
  await Promise.all(Array.from({ length: LANES }, async () => {
    for (let batch = batches.shift(); batch; batch = batches.shift()) {
      const counts = await captured([...options, ...batch], failures);
      sum = plus(sum, counts);
    }
  }));
  if (failures.length > 0) print(`\nfailed:\n${failures.join("\n")}\n`);
  return sum;
}

/** Runs tests, and prints their output once they are over, so that two outputs do not mix. */
async function captured(args: readonly string[], failures: string[]): Promise<TestCounts> {
  return await reported(args, async (command) => {
    const { code, stdout, stderr } = await run("sh", command, { timeoutMs: BATCH_MS });
    print(stdout + stderr);
    failures.push(...failedTests(stdout));
    if (code === TIMED_OUT) failures.push(`not over within ${BATCH_MS} ms: ${args.join(" ")}`);
    return code;
  });
}

function denoTest(args: readonly string[]): Promise<TestCounts> {
  return reported(args, (command) => show("sh", command));
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

/**
 * The ring's files with examples, including its README; tests are left out because they have
 * already run.
 */
async function documentedModules(): Promise<string[]> {
  const paths: string[] = [];
  for await (const { name } of Deno.readDir(new URL("ring/", ROOT))) {
    if (!/\.(ts|md)$/.test(name) || name.endsWith("_test.ts")) continue;
    const text = await Deno.readTextFile(new URL(`ring/${name}`, ROOT));
    if (/^ *(?:\* )?```ts/m.test(text)) paths.push(`ring/${name}`);
  }
  return paths.sort();
}

if (import.meta.main) await runTool(runTests);
