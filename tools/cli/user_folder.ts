/**
 * The user's working folder. The program itself runs in the project's folder, where `deno task`
 * starts it, and settings such as LB_ADMIN_TOKEN_FILE are relative to that.
 *
 * @module
 */
import { resolve } from "node:path";
import { ROOT } from "../project.ts";

const PROJECT = ROOT.pathname.replace(/\/$/, "");

let folder = PROJECT;

/**
 * Changes to the project's folder, and remembers the user's, which `deno task` sets in INIT_CWD.
 */
export function enterProject(): void {
  const cwd = Deno.cwd();
  folder = cwd === PROJECT ? Deno.env.get("INIT_CWD") ?? cwd : cwd;
  Deno.chdir(ROOT);
}

/** Resolves a path against the user's folder. */
export function fromUserFolder(path: string): string {
  return resolve(folder, path);
}
