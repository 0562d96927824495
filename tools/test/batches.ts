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

/** Files of a batch whose tests need no permissions: such a file runs in some milliseconds. */
const PURE_BATCH = 40;

/** Test files for one process. */
export interface Batch {
  readonly files: readonly string[];
  /** Whether no test needs permissions: one isolate can run all files. */
  readonly pure: boolean;
}

/** Folders that hold no tests of their own: dependencies, and what tests and builds write. */
const SKIPPED: ReadonlySet<string> = new Set(["node_modules", "dist", "client", "testdata"]);

/**
 * Files that take long, the longest kind first: a long one that starts last leaves the other
 * processes idle.
 */
const LONG: readonly RegExp[] = [
  /^(?:balancer\/engine\/(?:docker|podman|swarm)|tests\/integration\/(?:fleets|swarm_cluster))_test\.ts$/,
  /^tests\/integration\/(?:docker|swarm|engine|stuck)/,
  /^tests\/blackbox\/(?:page|program|acme|completion|terminal|flood)/,
  /^tests\/integration\//,
  /^(?:tests\/blackbox|deploy)\/|\/fuzz\/|_pull_test\.ts$/,
];

/**
 * Returns the test files in batches: one file each for those that take long, in the order of their
 * duration; then short ones, several in a batch; at last those that need no permissions.
 *
 * @param chosen files and folders, from the project's root; none: all
 */
export async function batchesOf(chosen: readonly string[]): Promise<Batch[]> {
  const files: string[] = [];
  for (const path of chosen.length > 0 ? chosen : await topFolders()) {
    for await (const file of testFilesIn(path)) files.push(file);
  }
  files.sort((a, b) => kindOf(a) - kindOf(b) || (a < b ? -1 : 1));
  const short = files.filter((file) => !isLong(file));
  const pure = new Set((await Promise.all(short.map(pureOrNot))).flat());
  return [
    ...files.filter(isLong).map((file) => ({ files: [file], pure: false })),
    ...inBatches(short.filter((file) => !pure.has(file)), BATCH, false),
    ...inBatches([...pure], PURE_BATCH, true),
  ];
}

function inBatches(files: readonly string[], size: number, pure: boolean): Batch[] {
  const count = Math.ceil(files.length / size);
  return Array.from({ length: count }, (_, nth) => {
    return { files: files.slice(nth * size, (nth + 1) * size), pure };
  });
}

/** The file itself if its tests need no permissions: it does not import the helper that asks. */
async function pureOrNot(file: string): Promise<string[]> {
  const text = await Deno.readTextFile(new URL(file, ROOT));
  return text.includes("Deno.test") && !text.includes('/needs.ts"') ? [file] : [];
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
