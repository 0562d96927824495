/**
 * Formats settings: their purpose, their values and where these come from.
 *
 * @module
 */
import type { SettingInForce } from "../../balancer/answers/settings.ts";
import { ConfigError, readConfig } from "../../balancer/config.ts";
import { describeSettings } from "../../balancer/settings/describe.ts";
import type { ConfigFile } from "../../balancer/settings/config_file.ts";
import { loadConfigFile } from "../../balancer/settings/file/load.ts";
import { originsOf } from "../../balancer/settings/origin.ts";
import type { Setting } from "../../balancer/settings/setting.ts";
import { SETTINGS } from "../../balancer/settings/settings.ts";
import { unknownNameFaults } from "../../balancer/settings/unknown_names.ts";
import { plain } from "./figures.ts";
import { type Column, type Look, tableLines } from "./table.ts";

/** A setting in full. */
type FullSetting = SettingInForce & { readonly expects: string; readonly about: string };

/** The settings here: of this environment and a configuration file. */
export interface LocalSettings {
  readonly settings: readonly FullSetting[];
  /** Everything that would keep a balancer from starting. */
  readonly faults: readonly string[];
}

/**
 * Reads the settings that a balancer would start with.
 *
 * @param env environment variables by name
 * @param path the configuration file
 */
export async function localSettings(
  env: Readonly<Record<string, string>>,
  path: string | undefined,
): Promise<LocalSettings> {
  const file = path === undefined ? undefined : await loadConfigFile(path);
  const given = path === undefined ? env : { ...env, LB_CONFIG: path };
  const settings = describeSettings(originsOf(given, file), file).map(inFull);
  return { settings, faults: faultsOf(given, file) };
}

/** Adds the texts that do not depend on the balancer. */
export function inFull(setting: SettingInForce): FullSetting {
  const all: Readonly<Record<string, Setting<unknown>>> = SETTINGS;
  const { expects = "", about = "" } = all[setting.name] ?? {};
  return { ...setting, expects, about };
}

/**
 * Returns all faults that would keep the balancer from starting.
 *
 * @param env environment variables by name
 * @param file the configuration file
 */
export function faultsOf(
  env: Readonly<Record<string, string>>,
  file?: ConfigFile,
): readonly string[] {
  try {
    readConfig(env, file);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
}

/**
 * Finds settings by the names that people type: `LB_PORT`, `port`, `lb-port`.
 *
 * @param words the typed words
 * @returns the names; for each unknown word, similar names
 */
export function namesOf(
  words: readonly string[],
): { readonly known: readonly string[]; readonly unknown: readonly string[] } {
  const names = words.map((word) => word.toUpperCase().replaceAll("-", "_"))
    .map((word) => word.startsWith("LB_") ? word : `LB_${word}`);
  return { known: names, unknown: unknownNameFaults(names, Object.keys(SETTINGS)) };
}

/**
 * Formats all settings as a table.
 *
 * @param settings the settings
 * @param look colours and width
 */
export function settingLines(settings: readonly SettingInForce[], look: Look): string[] {
  if (settings.length === 0) return ["nothing is set: every setting has its default"];
  const columns: Column<SettingInForce>[] = [
    { title: "SETTING", cell: ({ name }) => name },
    { title: "FROM", cell: originText },
    {
      title: "VALUE",
      cell: ({ value, from }) =>
        from === "default" ? plain(value) : look.paint.yellow(plain(value)),
    },
  ];
  return tableLines(columns, settings, look);
}

/**
 * Formats one setting in full.
 *
 * @param setting the setting
 */
export function detailLines(setting: FullSetting): string[] {
  const { name, value, about, expects, restart } = setting;
  const text = (value: string) => value === "" ? "empty" : plain(value);
  return [
    name,
    `  ${about}`,
    `  value:   ${text(value)} (${originText(setting)})`,
    `  default: ${text(setting.default)}`,
    `  must be: ${expects}`,
    `  reload:  ${restart === null ? "changes it" : `needs a restart: ${restart}`}`,
  ];
}

/** The origin of a value: a place in a file as editors link it, or a word. */
function originText({ from, at }: SettingInForce): string {
  return plain(at ?? from);
}
