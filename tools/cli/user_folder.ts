/**
 * The folder in which the user typed the command. The program itself works in the project's folder,
 * where `deno task` starts it, and settings such as LB_ADMIN_TOKEN_FILE are relative to that.
 *
 * @module
 */
import { resolve } from "node:path";
import { ROOT } from "../project.ts";

const PROJECT = ROOT.pathname.replace(/\/$/, "");

let folder = PROJECT;

/** Goes to the project's folder, and remembers the user's. `deno task` names that in INIT_CWD. */
export function enterProject(): void {
  const cwd = Deno.cwd();
  folder = cwd === PROJECT ? Deno.env.get("INIT_CWD") ?? cwd : cwd;
  Deno.chdir(ROOT);
}

/** A path as the user means it. */
export function fromUserFolder(path: string): string {
  return resolve(folder, path);
}
