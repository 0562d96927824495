/**
 * Reads the environment and the configuration file into a frozen {@linkcode Config}, or throws one
 * error that lists every fault.
 *
 * @module
 */
import type { z } from "zod";
import { ringCapacity } from "../ring/mod.ts";
import type { Setting } from "./settings/setting.ts";
import { type SettingName, SETTINGS, type Settings } from "./settings/settings.ts";
import { type Config, groupSettings } from "./settings/config_groups.ts";
import { conflictsOf } from "./settings/conflicts.ts";
import { type ConfigFile, placeText } from "./settings/config_file.ts";
import { located, type Origin, originsOf } from "./settings/origin.ts";
import { routeText, sortedRoutes, unreachable } from "./settings/routes.ts";
import { unknownNameFaults } from "./settings/unknown_names.ts";

export type { Config };

/** Invalid settings, all in one error. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";

  constructor(readonly faults: readonly string[]) {
    super(faults.join("\n"));
  }
}

/** The settings in force, and where each comes from. */
export interface SettingsReading {
  readonly config: Config;
  readonly origins: ReadonlyMap<SettingName, Origin>;
}

/**
 * Reads every setting. An empty variable counts as unset, unless the setting allows empty values.
 *
 * @param env environment variables by name
 * @param file the configuration file; the environment has precedence over it
 * @throws {ConfigError} one line per fault: the variable or the place in the file, the bound and the
 *   value; an unknown variable `LB_...` is a fault, too
 */
export function readConfig(env: Readonly<Record<string, string>>, file?: ConfigFile): Config {
  return readSettings(env, file).config;
}

/**
 * Reads every setting, as {@linkcode readConfig} does.
 *
 * @param env environment variables by name
 * @param file the configuration file
 * @returns the configuration, and the origin of each setting
 * @throws {ConfigError} see {@linkcode readConfig}
 */
export function readSettings(
  env: Readonly<Record<string, string>>,
  file?: ConfigFile,
): SettingsReading {
  const origins = originsOf(env, file);
  const unknown = unknownNameFaults(Object.keys(env), Object.keys(SETTINGS));
  const { values, faults } = parseAll(origins);
  const alone = [...faults, ...file?.faults ?? []];
  const conflicts = alone.length > 0 ? [] : [
    ...conflictsOf(values as Settings).map((fault) => located(fault, origins, file)),
    ...routeFaults(values as Settings, file),
  ];
  const all = [...unknown, ...alone, ...conflicts];
  if (all.length > 0) throw new ConfigError(all);
  return { config: groupSettings(values as Settings, serviceOf(file)), origins };
}

/**
 * The configuration of given texts, such as those of a reload that keeps some settings.
 *
 * @param origins the text of each setting
 * @param file the configuration file
 * @throws {ConfigError} settings conflict with each other
 */
export function configOf(origins: ReadonlyMap<SettingName, Origin>, file: ConfigFile): Config {
  const { values, faults } = parseAll(origins);
  const conflicts = faults.length > 0 ? faults : [
    ...conflictsOf(values as Settings).map((fault) => located(fault, origins, file)),
    ...routeFaults(values as Settings, file),
  ];
  if (conflicts.length > 0) throw new ConfigError(conflicts);
  return groupSettings(values as Settings, serviceOf(file));
}

function serviceOf(file?: ConfigFile) {
  const { service, routes } = file ?? { service: "default", routes: [] };
  return { service, routes: sortedRoutes(routes) };
}

function routeFaults(settings: Settings, file?: ConfigFile): string[] {
  if (!file) return [];
  return file.routes.flatMap((route) => {
    const why = unreachable(route, settings);
    if (why === undefined) return [];
    const place = placeText(file.name, route.at);
    return [`${place}: services.${file.service}.routes: ${routeText(route)}: unreachable, ${why}`];
  });
}

/** Values of a file are checked where they are read, so faults are those of the environment. */
function parseAll(origins: ReadonlyMap<SettingName, Origin>) {
  const values: Partial<Record<SettingName, unknown>> = {};
  const faults: string[] = [];
  for (const [name, { text }] of origins) {
    const setting: Setting<unknown> = SETTINGS[name];
    const parsed = setting.schema.safeParse(text);
    if (parsed.success) values[name] = parsed.data;
    else faults.push(...faultsOf(name, setting, text, parsed.error));
  }
  return { values, faults };
}

/** One line if the value as a whole is invalid; one line per field if only fields are. */
function faultsOf(
  name: string,
  setting: Setting<unknown>,
  value: string,
  { issues }: z.ZodError,
): string[] {
  const inside = issues.filter(({ path }) => path.length > 0);
  if (inside.length > 0) {
    return inside.map(({ path, message }) => `${name}: ${path.join(".")}: ${message}`);
  }
  const [issue] = issues;
  if (issue?.code === "unrecognized_keys") return [`${name}: ${issue.message}`];
  const received = setting.secret ? "a value of another form" : JSON.stringify(value);
  return [`${name}: must be ${setting.expects}; got ${received}`];
}

/**
 * Returns how many replicas of weight 1 fit on the ring of these settings.
 *
 * @param ring the settings of the ring
 */
export function replicaCapacity({ ring }: Pick<Config, "ring">): number {
  const { slots, virtualServers, layout } = ring;
  return ringCapacity({ slots, virtualServers, layout });
}
