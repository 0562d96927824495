/**
 * Names and places of the project that the tools agree on.
 *
 * @module
 */

/** Root of the project, with a slash at the end. */
export const ROOT = new URL("../", import.meta.url);

/** Where the tools keep what lives only as long as the balancer runs. */
export const RUN_DIR = new URL(".run/", ROOT);

/** Log of a balancer that runs in the background. */
export const LOG_FILE = new URL("balancer.log", RUN_DIR);

/**
 * Where a balancer in the background keeps who belongs to its fleet, from the root: the folder is the
 * one that the task `balancer` may write.
 */
export const FLEET_FILE = ".run/state/fleet.json";

/** The admin token of that balancer, from the root: beside its state, whichever engine it has. */
export const TOKEN_FILE = `${FLEET_FILE}.admin-token`;

/** The compose project. It is given by `-p`, because docker-compose 1.29 knows no `name:`. */
export const PROJECT = "ringkeeper";

/** The fleet of whoever names no other: the default of `LB_FLEET`. */
export const DEFAULT_FLEET = "ringkeeper";

/** Label that the docker engine puts on every replica; its value is the fleet. */
export const FLEET_LABEL = "ringkeeper.fleet";

/** The Deno that everything runs on, as `.deno-version` says. */
export async function denoVersion(): Promise<string> {
  return (await Deno.readTextFile(new URL(".deno-version", ROOT))).trim();
}

/** A file of the project as a path from its root. */
export function rootPath(url: URL): string {
  return url.pathname.slice(ROOT.pathname.length);
}
