/**
 * `deno task install`: installs the program `ringkeeper` for the user by `deno install`, with the
 * permissions of the task `ringkeeper`. The program acts on this checkout, from any folder.
 *
 * @module
 */
import { resolve } from "node:path";
import { sameDeno, show } from "../command.ts";
import { ROOT } from "../project.ts";
import { denoArgs } from "../up/balancer_command.ts";
import { runCommand, taskCommand } from "../up/task_command.ts";
import { ToolError } from "../tool.ts";

const ABOUT = "Installs the program ringkeeper for this user, with the permissions of the task " +
  "ringkeeper. It starts and stops the balancers of this checkout, from any folder, and needs " +
  "deno on the PATH.";

const command = taskCommand("install", ABOUT)
  .option("--root <FOLDER>", "install into bin/ of this folder (default: ~/.deno)")
  .action(async ({ root }: { readonly root?: string }) => {
    const where = root === undefined ? [] : ["--root", root];
    const code = await show("sh", sameDeno(["install", ...where, ...await programArgs()]));
    if (code !== 0) throw new ToolError("deno install failed, see above", code);
  });

async function programArgs(): Promise<string[]> {
  const { tasks } = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
  const [, ...args] = denoArgs(tasks.ringkeeper).map(withWholePaths);
  return ["--global", "--force", "--name", "ringkeeper", "--config", "deno.json", ...args];
}

/** The program runs in any folder, and relative paths in permissions would refer to that one. */
function withWholePaths(arg: string): string {
  const [, flag, paths] = /^(--allow-(?:read|write)=)(.*)$/.exec(arg) ?? [];
  if (flag === undefined || paths === undefined) return arg;
  return flag + paths.split(",").map((path) => resolve(ROOT.pathname, path)).join(",");
}

if (import.meta.main) await runCommand(command);
