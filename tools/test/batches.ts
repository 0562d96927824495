/**
 * The test files, in batches for processes that run side by side: many tests wait most of the time.
 *
 * One process with threads (`deno test --parallel`) would not do: some tests set environment
 * variables, count the descriptors of their process, or end its children.
 *
 * @module
 */
import { ROOT } from "../project.ts";

/** Short files of a batch: a process starts in 0.2 s, about as long as such a file runs. */
const BATCH = 12;

/** Folders that hold no tests of their own: dependencies, and what tests and builds write. */
const SKIPPED: ReadonlySet<string> = new Set(["node_modules", "dist", "client", "testdata"]);

/**
 * Files that take long, the longest kind first: a long one that starts last leaves the other
 * processes idle.
 */
const LONG: readonly RegExp[] = [
  /^balancer\/engine\/(?:docker|podman|swarm)_test\.ts$/,
  /^tests\/integration\/(?:docker|swarm|engine|stuck)/,
  /^tests\/blackbox\/(?:page|program|acme|completion|terminal|flood)/,
  /^tests\/integration\//,
  /^(?:tests\/blackbox|deploy)\/|\/fuzz\/|_pull_test\.ts$/,
];

/**
 * Returns the test files in batches: one file each for those that take long, in the order of their
 * duration; at last the short ones, several in a batch.
 *
 * @param chosen files and folders, from the project's root; none: all
 */
export async function batchesOf(chosen: readonly string[]): Promise<string[][]> {
  const files: string[] = [];
  for (const path of chosen.length > 0 ? chosen : await topFolders()) {
    for await (const file of testFilesIn(path)) files.push(file);
  }
  files.sort((a, b) => kindOf(a) - kindOf(b) || (a < b ? -1 : 1));
  const batches = files.filter(isLong).map((file) => [file]);
  const short = files.filter((file) => !isLong(file));
  for (let at = 0; at < short.length; at += BATCH) batches.push(short.slice(at, at + BATCH));
  return batches;
}

/** Index in {@linkcode LONG}; its length for a short file. */
function kindOf(file: string): number {
  const kind = LONG.findIndex((pattern) => pattern.test(file));
  return kind < 0 ? LONG.length : kind;
}

function isLong(file: string): boolean {
  return kindOf(file) < LONG.length;
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
