/**
 * The test files, shared out to processes that run side by side: many tests wait most of the time.
 *
 * One process with threads (`deno test --parallel`) would not do: some tests set environment
 * variables, count the descriptors of their process, or end its children.
 *
 * @module
 */
import { ROOT } from "../project.ts";

/** Processes that run tests at the same time. */
const LANES = 2;

/** Folders that hold no tests of their own: dependencies, and what tests and builds write. */
const SKIPPED: ReadonlySet<string> = new Set(["node_modules", "dist", "client", "testdata"]);

/**
 * Returns the test files of each process. Neighbours go to different processes, since files of a
 * folder often take equally long.
 *
 * @param chosen files and folders, from the project's root; none: all
 */
export async function lanesOf(chosen: readonly string[]): Promise<string[][]> {
  const files: string[] = [];
  for (const path of chosen.length > 0 ? chosen : await topFolders()) {
    for await (const file of testFilesIn(path)) files.push(file);
  }
  const lanes = Array.from({ length: LANES }, (): string[] => []);
  for (const [at, file] of files.sort().entries()) lanes[at % LANES]?.push(file);
  return lanes.filter((lane) => lane.length > 0);
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
