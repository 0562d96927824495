/**
 * The configuration file of a balancer that `up` starts.
 *
 * @module
 */
import { ConfigError, readConfig } from "../../balancer/config.ts";
import type { ConfigFile } from "../../balancer/settings/config_file.ts";
import { loadConfigFile } from "../../balancer/settings/file/load.ts";
import type { SettingName } from "../../balancer/settings/settings.ts";
import type { FleetPlaces } from "../fleet_places.ts";
import { ToolError, USAGE } from "../tool.ts";
import type { Lookup } from "./options.ts";

/** The file in a balancer's container. */
export const CONTAINER_CONFIG = "/etc/ringkeeper/ringkeeper.yaml";

/**
 * Loads and checks the configuration file together with the environment.
 *
 * @param path the file, absolute
 * @param env environment variables by name, with those that options set
 * @throws {ToolError} with exit code 2: every fault, one per line
 */
export async function checkedConfig(
  path: string,
  env: Readonly<Record<string, string>>,
): Promise<ConfigFile> {
  const file = await loadConfigFile(path);
  const faults = [...fleetFaults(file, env), ...faultsOf(file, { ...env, LB_CONFIG: path })];
  if (faults.length > 0) throw new ToolError(faults.join("\n"), USAGE);
  return file;
}

/** The other verbs find the fleet by the environment, so the file cannot name another one. */
function fleetFaults({ name, values }: ConfigFile, env: Readonly<Record<string, string>>) {
  const value = values.get("LB_FLEET");
  if (!value || value.text === (env["LB_FLEET"] || "ringkeeper")) return [];
  return [
    `${name}:${value.at.line}:${value.at.column}: ${value.path}: must be the fleet of LB_FLEET ` +
    `with ringkeeper up; got ${JSON.stringify(value.text)}: set LB_FLEET=${value.text}, too`,
  ];
}

function faultsOf(file: ConfigFile, env: Readonly<Record<string, string>>): readonly string[] {
  try {
    readConfig(env, file);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
}

/**
 * Looks up settings in the environment, then in the file.
 *
 * @param file the configuration file
 */
export function lookupIn(file: ConfigFile | undefined): Lookup {
  return (name) => Deno.env.get(name) || file?.values.get(name as SettingName)?.text;
}

/** The folder that is mounted into a fleet's container. */
export function configFolder({ folder }: FleetPlaces): URL {
  return new URL("config/", folder);
}

/**
 * Copies the file to the folder that a balancer's container reads: an editor that replaces the file
 * would leave a mounted file behind, and the container's user may not be allowed to read it.
 *
 * @param path the file
 * @param places the places of the fleet
 */
export async function copyConfig(path: string, places: FleetPlaces): Promise<void> {
  const folder = configFolder(places);
  await Deno.mkdir(folder, { recursive: true, mode: 0o755 });
  const draft = new URL(`draft-${crypto.randomUUID()}`, folder);
  await Deno.writeTextFile(draft, await Deno.readTextFile(path), { mode: 0o644 });
  await Deno.rename(draft, new URL("ringkeeper.yaml", folder));
}
