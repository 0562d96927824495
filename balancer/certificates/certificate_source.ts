/**
 * Finds and reads the files of certificates.
 *
 * @module
 */
import { errorMessage } from "../failures.ts";
import type { CertificateFiles } from "../settings/values.ts";
import { CertificateError, type PairFiles } from "./certificate.ts";

/** Longest file, in bytes: a chain of certificates has a few kilobytes. */
const MOST_BYTES = 1024 * 1024;

/** Most pairs of a folder. */
const MOST_PAIRS = 10_000;

/** The pair that is named so is the default. */
const DEFAULT_NAME = "default";

/**
 * Returns the pairs of a source: those of a folder by name, `default` first.
 *
 * @param source a folder, or files; null for none
 * @throws {CertificateError} the folder cannot be read
 */
export async function findPairs(
  source: CertificateFiles | null,
): Promise<readonly PairFiles[]> {
  if (source === null) return [];
  if ("pairs" in source) return source.pairs.map((pair) => ({ name: nameOf(pair.cert), ...pair }));
  const { folder } = source;
  const names: string[] = [];
  try {
    for await (const { name, isDirectory } of Deno.readDir(folder)) {
      // Either file alone shows that a pair is meant.
      const [, stem] = isDirectory ? [] : /^([^.].*)\.(?:pem|key)$/.exec(name) ?? [];
      if (stem !== undefined && !names.includes(stem)) names.push(stem);
      if (names.length > MOST_PAIRS) throw new Error(`holds more than ${MOST_PAIRS} pairs`);
    }
  } catch (error) {
    if (await isNoFolder(folder, error)) return [];
    throw new CertificateError(folder, readReason(folder, error));
  }
  return inDefaultOrder(names).map((name) => ({
    name,
    cert: `${folder}/${name}.pem`,
    key: `${folder}/${name}.key`,
  }));
}

/** Where no folder is given, a container has /dev/null in its place: it holds no pair. */
async function isNoFolder(path: string, error: unknown): Promise<boolean> {
  return error instanceof Deno.errors.NotADirectory &&
    (await Deno.stat(path)).isCharDevice === true;
}

function inDefaultOrder(names: readonly string[]): string[] {
  const sorted = names.toSorted();
  return sorted.includes(DEFAULT_NAME)
    ? [DEFAULT_NAME, ...sorted.filter((name) => name !== DEFAULT_NAME)]
    : sorted;
}

/** The folder's name for files that are named alike everywhere: `live/a.example/fullchain.pem`. */
function nameOf(path: string): string {
  const [file = "", folder = ""] = path.split("/").reverse();
  const stem = file.replace(/\.[^.]*$/, "");
  return ["fullchain", "cert", "tls"].includes(stem) && folder !== "" ? folder : stem;
}

/**
 * Reads a file.
 *
 * @param path its path
 * @throws {CertificateError} it cannot be read
 */
export async function readPem(path: string): Promise<string> {
  try {
    const { size } = await Deno.stat(path);
    if (size > MOST_BYTES) throw new Error(`must have at most ${MOST_BYTES} bytes; got ${size}`);
    return await Deno.readTextFile(path);
  } catch (error) {
    throw new CertificateError(path, readReason(path, error));
  }
}

function readReason(path: string, error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "does not exist";
  if (error instanceof Deno.errors.NotCapable) {
    return `the balancer may not read it; start it with --allow-read=${path} beside the others`;
  }
  if (error instanceof Deno.errors.PermissionDenied) return "the balancer's user may not read it";
  return errorMessage(error);
}

/**
 * A text that changes with a file: its time, size and inode; a link counts as its target.
 *
 * @param path the file
 */
export async function fileMark(path: string): Promise<string> {
  try {
    const { mtime, size, ino } = await Deno.stat(path);
    return `${path} ${mtime?.getTime()} ${size} ${ino}`;
  } catch (error) {
    return `${path} ${error instanceof Error ? error.name : ""}`;
  }
}
