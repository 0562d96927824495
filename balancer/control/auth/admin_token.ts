/**
 * The admin token that the balancer generates if the operator set none.
 *
 * @module
 */
import { randomBytes } from "node:crypto";
import { dirname } from "node:path";

/** Only the balancer's own user may read the file. */
const OWNER_ONLY = 0o600;

/** 256 bits in base64url. */
const TOKEN = /^[A-Za-z0-9_-]{43}\n?$/;

/** Folder for the tokens of balancers without a state file. */
const FOLDER = ".run/state";

/**
 * Returns the path of a balancer's own admin token: beside its state file, so that each fleet has
 * its own. Without a state file the path is derived from the fleet and the API's address.
 *
 * @param stateFile the setting `LB_STATE_FILE`
 * @param fleet the setting `LB_FLEET`
 * @param api where the API listens: `host:port`, or the path of a socket file
 */
export function adminTokenFile(stateFile: string, fleet: string, api: string): string {
  if (stateFile !== "") return `${stateFile}.admin-token`;
  return `${FOLDER}/${fleet}@${api.replace(/[^A-Za-z0-9.-]/g, "_")}.admin-token`;
}

/**
 * Creates the token file, unless an earlier start did. A file that other users can read or write,
 * that belongs to another user, or that holds no valid token is replaced.
 *
 * @param path the file
 * @throws {Error} the file cannot be created
 */
export async function makeAdminToken(path: string): Promise<void> {
  await Deno.mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const draft = `${path}.${crypto.randomUUID()}`;
  await Deno.writeTextFile(draft, randomBytes(32).toString("base64url") + "\n", {
    createNew: true,
    mode: OWNER_ONLY,
  });
  if (await isUsable(path, await Deno.lstat(draft))) await Deno.remove(draft);
  else await Deno.rename(draft, path);
}

/** @param own a file that this process created, which shows its user */
async function isUsable(path: string, own: Deno.FileInfo): Promise<boolean> {
  try {
    const found = await Deno.lstat(path);
    const mine = found.isFile && found.uid === own.uid && ((found.mode ?? 0) & 0o077) === 0;
    return mine && TOKEN.test(await Deno.readTextFile(path));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/**
 * Removes the token of a balancer without a state file.
 *
 * @param path the file
 */
export async function removeAdminToken(path: string): Promise<void> {
  try {
    await Deno.remove(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
