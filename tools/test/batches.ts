/**
 * The test files, in batches for processes that run side by side: many tests wait most of the time.
 *
 * One process with threads (`deno test --parallel`) would not do: some tests set environment
 * variables, count the descriptors of their process, or end its children.
 *
 * @module
 */
import { ROOT } from "../project.ts";

/** Files of a batch: few enough that all processes end at about the same time. */
const BATCH = 4;

/** Folders that hold no tests of their own: dependencies, and what tests and builds write. */
const SKIPPED: ReadonlySet<string> = new Set(["node_modules", "dist", "client", "testdata"]);

/**
 * Returns the test files, a few at a time.
 *
 * @param chosen files and folders, from the project's root; none: all
 */
export async function batchesOf(chosen: readonly string[]): Promise<string[][]> {
  const files: string[] = [];
  for (const path of chosen.length > 0 ? chosen : await topFolders()) {
    for await (const file of testFilesIn(path)) files.push(file);
  }
  files.sort((a, b) => Number(isLong(b)) - Number(isLong(a)) || (a < b ? -1 : 1));
  const batches: string[][] = [];
  for (let at = 0; at < files.length; at += BATCH) batches.push(files.slice(at, at + BATCH));
  return batches;
}

/** Tests of containers and machines take minutes: started last, they would leave a process idle. */
function isLong(file: string): boolean {
  return file.startsWith("tests/integration/");
}

async function topFolders(): Promise<string[]> {
  const folders: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(ROOT)) {
    if (isDirectory && !name.startsWith(".") && !SKIPPED.has(name)) folders.push(name);
  }
  return folders;
}

/** A file that is named by itself is taken whatever it is called. */
async function* testFilesIn(path: string): AsyncGenerator<string> {
  if ((await Deno.stat(new URL(path, ROOT))).isFile) return yield path;
  const folder = path.replace(/\/*$/, "/");
  for await (const { name, isDirectory } of Deno.readDir(new URL(folder, ROOT))) {
    if (isDirectory && !SKIPPED.has(name)) yield* testFilesIn(folder + name);
    else if (/_test\.tsx?$/.test(name)) yield folder + name;
  }
}
