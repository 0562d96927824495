/**
 * The Docker Engine, by its own client.
 *
 * @module
 */
import { lastLines, run, sameDeno } from "../../tools/command.ts";
import { ToolError } from "../../tools/tool.ts";

const EXEC = 'exec docker "$@"';

/**
 * Runs a command of Docker's.
 *
 * @param args its arguments
 * @returns its output
 * @throws {ToolError} it failed
 */
export async function docker(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await run("sh", ["-c", EXEC, "sh", ...args]);
  if (code === 0) return stdout.trim();
  throw new ToolError(`docker ${args.slice(0, 2).join(" ")}: ${stderr.trim()}`);
}

/** Whether a command of Docker's succeeds. */
export async function dockerCan(...args: readonly string[]): Promise<boolean> {
  return (await run("sh", ["-c", EXEC, "sh", ...args])).code === 0;
}

/** The process of a container, as this machine numbers it. */
export async function pidOfContainer(container: string): Promise<number> {
  return Number(await docker("inspect", "--format", "{{.State.Pid}}", container));
}

/** Builds the images of the project. */
export async function buildImages(): Promise<void> {
  const { code, stderr } = await run("sh", sameDeno(["task", "--quiet", "build"]));
  if (code !== 0) throw new ToolError(`deno task build failed: ${lastLines(stderr, 5)}`);
}

/** All containers with a label, by name and state. */
export async function containersWith(label: string): Promise<{ name: string; state: string }[]> {
  const format = "{{.Names}} {{.State}}";
  const text = await docker("ps", "--all", "--filter", `label=${label}`, "--format", format);
  return text.split("\n").filter((line) => line !== "").map((line) => {
    const [name = "", state = ""] = line.split(" ");
    return { name, state };
  });
}

/** Removes everything with a label: containers, and networks with all containers on them. */
export async function sweep(label: string): Promise<void> {
  const ofLabel = ["--filter", `label=${label}`];
  const networks = words(await docker("network", "ls", "--quiet", ...ofLabel));
  const filters = [ofLabel, ...networks.map((id) => ["--filter", `network=${id}`])];
  const found = filters.map((filter) => docker("ps", "--all", "--quiet", ...filter));
  const containers = new Set((await Promise.all(found)).flatMap(words));
  if (containers.size > 0) await docker("rm", "--force", "--volumes", ...containers);
  if (networks.length > 0) await docker("network", "rm", ...networks);
}

function words(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== "");
}
