/**
 * Names and paths of the project that the tools share.
 *
 * @module
 */

/** Root of the project, with a slash at the end. */
export const ROOT = new URL("../", import.meta.url);

/** Folder for files that live only as long as the balancer runs. */
export const RUN_DIR = new URL(".run/", ROOT);

/** Label that the docker engine sets on every container of a fleet; its value is the fleet. */
export const FLEET_LABEL = "ringkeeper.fleet";

/** The Deno version of all programs, as in `.deno-version`. */
export async function denoVersion(): Promise<string> {
  return (await Deno.readTextFile(new URL(".deno-version", ROOT))).trim();
}

/** A file of the project as a path from its root. */
export function rootPath(url: URL): string {
  return url.pathname.slice(ROOT.pathname.length);
}
