/**
 * Names and places of the project that the tools agree on.
 *
 * @module
 */

/** Root of the project, with a slash at the end. */
export const ROOT = new URL("../", import.meta.url);

/** Where the tools keep what lives only as long as the balancer runs. */
export const RUN_DIR = new URL(".run/", ROOT);

/** Label that the docker engine puts on every container of a fleet; its value is the fleet. */
export const FLEET_LABEL = "ringkeeper.fleet";

/** The Deno that everything runs on, as `.deno-version` says. */
export async function denoVersion(): Promise<string> {
  return (await Deno.readTextFile(new URL(".deno-version", ROOT))).trim();
}

/** A file of the project as a path from its root. */
export function rootPath(url: URL): string {
  return url.pathname.slice(ROOT.pathname.length);
}
