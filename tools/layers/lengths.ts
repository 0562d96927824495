/**
 * Checks the length of source files. Pure: files go in, violations come out.
 *
 * @module
 */
import { isTestFile } from "./check.ts";

/** Most lines of a file, comments included. A longer file has more than one subject. */
export const MOST_LINES = 300;

/** Folders whose files are checked; tests and their helpers are not. */
export const CHECKED_FOLDERS: readonly string[] = [
  "balancer/",
  "replica/",
  "ring/",
  "std/",
  "tools/",
];

/** Returns a violation for each file that is too long, as `file: fault`. */
export function lengthViolations(
  files: readonly { readonly path: string; readonly text: string }[],
): string[] {
  return files.flatMap(({ path, text }) => {
    const lines = text.split("\n").length - 1;
    const legal = lines <= MOST_LINES || isTestFile(path) || path.includes("/dist/");
    return legal ? [] : [`${path}: must have at most ${MOST_LINES} lines; got ${lines}`];
  });
}
