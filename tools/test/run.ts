/**
 * Runs the tests, and the examples in the ring's documentation; the last line of output is
 * `N passed, N failed`. Arguments restrict the run to files and folders, or are options of
 * `deno test`.
 *
 * @module
 */
import { inspectDocker } from "../docker/engine_choice.ts";
import { buildImages, DEFAULT_IMAGES } from "../docker/images.ts";
import { print, printError } from "../print.ts";
import { ROOT } from "../project.ts";
import { type Batch, batchesOf } from "./batches.ts";
import { denoTest, runBatches } from "./lanes.ts";
import { plus, type TestCounts } from "./report.ts";
import { runTool, ToolError } from "../tool.ts";

async function runTests(): Promise<number> {
  const chosen = Deno.args;
  const batches = await batchesOf(chosen.filter((word) => !word.startsWith("-")));
  if (batches.some(({ pure }) => !pure)) await prepareDocker();
  let sum = await runAll(batches, chosen.filter((word) => word.startsWith("-")));
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

/**
 * Types are checked by the gates; otherwise each worker that a test starts would be checked again.
 * A single batch writes to the terminal while it runs.
 */
async function runAll(
  batches: readonly Batch[],
  options: readonly string[],
): Promise<TestCounts> {
  const [only, ...others] = batches;
  if (only && others.length === 0) return await denoTest(["--no-check", ...options, ...only.files]);
  return await runBatches(batches, ["--no-check", ...options]);
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
