/**
 * Loads the configuration file that the environment or the command line names.
 *
 * @module
 */
import { errorMessage } from "../../failures.ts";
import type { ConfigFile } from "../config_file.ts";
import { DEFAULT_SERVICE } from "./names.ts";

/**
 * Loads a configuration file. A file that cannot be read is a fault like those inside it, so that
 * all faults are reported together.
 *
 * @param path the file
 * @param readText reads a file
 */
export async function loadConfigFile(
  path: string,
  readText: (path: string) => Promise<string> = Deno.readTextFile,
): Promise<ConfigFile> {
  // Loaded on demand: a balancer without a file needs no YAML parser.
  const [text, { readConfigFile }] = await Promise.all([
    readText(path).catch((error) => ({ fault: unreadable(path, error) })),
    import("./read.ts"),
  ]);
  if (typeof text === "string") return readConfigFile(text, path);
  return {
    name: path,
    service: DEFAULT_SERVICE,
    values: new Map(),
    routes: [],
    faults: [text.fault],
  };
}

function unreadable(path: string, error: unknown): string {
  const why = error instanceof Deno.errors.NotFound
    ? "there is no such file"
    : error instanceof Deno.errors.NotCapable
    ? `the balancer may not read there; start it with --allow-read=${path} beside the others, or ` +
      "name the file in LB_CONFIG: deno task balancer may read that one"
    : errorMessage(error);
  return `LB_CONFIG: ${path} cannot be read: ${why}`;
}

/**
 * The path of the configuration file: `--config PATH` or `--config=PATH` among the arguments, else
 * `LB_CONFIG`.
 *
 * @param args the program's arguments
 * @param env environment variables by name
 * @returns undefined for none
 */
export function configPath(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): string | undefined {
  const at = args.findIndex((arg) => arg === "--config" || arg.startsWith("--config="));
  if (at < 0) return env["LB_CONFIG"] || undefined;
  const arg = args[at]!;
  return arg === "--config" ? args[at + 1] ?? "" : arg.slice("--config=".length);
}
