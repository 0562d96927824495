/**
 * Runs the tests, and the examples in the ring's documentation; the last line of output is
 * `N passed, N failed`. Arguments restrict the run to files and folders, or are options of
 * `deno test`.
 *
 * @module
 */
import { sameDeno, show } from "../command.ts";
import { inspectDocker } from "../docker/engine_choice.ts";
import { buildImages, DEFAULT_IMAGES } from "../docker/images.ts";
import { print, printError } from "../print.ts";
import { ROOT, RUN_DIR } from "../project.ts";
import { lanesOf } from "./lanes.ts";
import { countTests, plus, type TestCounts } from "./report.ts";
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
  let sum = await allLanes(chosen);
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
 * The gates check the types; otherwise each worker that a test starts would be checked again. With
 * `--parallel`, here for one file at a time, each line of the output names its file.
 */
async function allLanes(chosen: readonly string[]): Promise<TestCounts> {
  const options = chosen.filter((word) => word.startsWith("-"));
  const lanes = await lanesOf(chosen.filter((word) => !word.startsWith("-")));
  const counts = await Promise.all(
    lanes.map((files) => denoTest(["--no-check", "--parallel", ...options, ...files])),
  );
  return counts.reduce(plus);
}

async function denoTest(args: readonly string[]): Promise<TestCounts> {
  await Deno.mkdir(RUN_DIR, { recursive: true });
  const report = await Deno.makeTempFile({ dir: RUN_DIR.pathname, suffix: ".xml" });
  try {
    const flags = [...PERMISSIONS, `--junit-path=${report}`];
    const command = sameDeno(["test", ...flags, ...args]);
    const code = await show("sh", command, { env: { DENO_JOBS: "1" } });
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
