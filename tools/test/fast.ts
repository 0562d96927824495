/**
 * `deno task test:fast`: the tests that need no permission, without the longest property tests, in
 * less than a minute. Arguments are options of `deno test`.
 *
 * @module
 */
import { sameDeno, show } from "../command.ts";
import { ROOT } from "../project.ts";
import { writeImportModule } from "./import_module.ts";
import { runTool, ToolError } from "../tool.ts";

/** Folders of unit tests. */
const FOLDERS = ["balancer", "bench", "replica", "ring", "tools"];

/** Modules that import the test files. */
const MODULES = 8;

/** Tests that take seconds each: the fuzzer, random histories, statistics of layouts. */
const LONG = [
  "balancer/fleet/change_invariants_test.ts",
  "balancer/fleet/invariants_test.ts",
  "balancer/fleet/shared_model_test.ts",
  "balancer/proxy/http1/fuzz/fuzz_test.ts",
  "ring/ring_test.ts",
];

async function testFast(): Promise<void> {
  const options = ["--no-check", "--parallel", "--quiet", "--reporter=dot", ...Deno.args];
  const folder = await Deno.makeTempDir({ dir: "/tmp", prefix: "ringkeeper-test-" });
  try {
    const modules = await writeModules(folder, (await pureTests(FOLDERS)).sort());
    const code = await show("sh", sameDeno(["test", ...options, ...modules]));
    if (code !== 0) throw new ToolError("test:fast failed");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Writes the modules, each with every n-th file. @returns their paths */
async function writeModules(folder: string, files: readonly string[]): Promise<string[]> {
  return await Promise.all(Array.from({ length: MODULES }, (_, nth) => {
    const own = files.filter((_, at) => at % MODULES === nth);
    return writeImportModule(`${folder}/fast_${nth}_test.ts`, own);
  }));
}

/** Test files with a test that needs no permission. */
async function pureTests(folders: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const folder of folders) {
    for await (const { name, isDirectory } of Deno.readDir(new URL(folder, ROOT))) {
      const path = `${folder}/${name}`;
      if (isDirectory) found.push(...await pureTests([path]));
      else if (name.endsWith("_test.ts") && !LONG.includes(path) && await isPure(path)) {
        found.push(path);
      }
    }
  }
  return found;
}

/** A file of `systemTest`s alone would only be loaded to ignore them. */
async function isPure(path: string): Promise<boolean> {
  const text = await Deno.readTextFile(new URL(path, ROOT));
  return !text.includes("systemTest") || text.includes("Deno.test(");
}

if (import.meta.main) await runTool(testFast);
