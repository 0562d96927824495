/**
 * Formats settings: their purpose, and their values in an environment.
 *
 * @module
 */
import { ConfigError, readConfig } from "../../balancer/config.ts";
import type { Setting } from "../../balancer/settings/setting.ts";
import { SETTINGS } from "../../balancer/settings/settings.ts";
import { unknownNameFaults } from "../../balancer/settings/unknown_names.ts";
import { plain } from "./figures.ts";
import { type Column, type Look, tableLines } from "./table.ts";

/** A setting in an environment. */
interface DescribedSetting {
  readonly name: string;
  /** The text in force; for a secret only whether it is set. */
  readonly value: string;
  readonly from: "environment" | "default";
  readonly default: string;
  /** The allowed values. */
  readonly expects: string;
  readonly about: string;
}

const ALL = Object.entries<Setting<unknown>>(SETTINGS);

/**
 * Returns every setting with its value.
 *
 * @param env environment variables by name
 */
export function describeSettings(env: Readonly<Record<string, string>>): DescribedSetting[] {
  return ALL.map(([name, setting]) => {
    const { fallback, expects, about, emptyCounts, secret } = setting;
    const text = env[name];
    const set = text !== undefined && (text !== "" || emptyCounts === true);
    const value = !set ? fallback : secret ? "(secret)" : text;
    return {
      name,
      value,
      from: set ? "environment" : "default",
      default: fallback,
      expects,
      about,
    };
  });
}

/**
 * Returns all faults of an environment that would keep the balancer from starting.
 *
 * @param env environment variables by name
 */
export function faultsOf(env: Readonly<Record<string, string>>): readonly string[] {
  try {
    readConfig(env);
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
export function settingLines(settings: readonly DescribedSetting[], look: Look): string[] {
  if (settings.length === 0) return ["the environment sets nothing: every setting has its default"];
  const columns: Column<DescribedSetting>[] = [
    { title: "SETTING", cell: ({ name }) => name },
    { title: "FROM", cell: ({ from }) => from },
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
export function detailLines(setting: DescribedSetting): string[] {
  const { name, value, from, about, expects } = setting;
  const text = (value: string) => value === "" ? "empty" : plain(value);
  return [
    name,
    `  ${about}`,
    `  value:   ${text(value)} (${from})`,
    `  default: ${text(setting.default)}`,
    `  must be: ${expects}`,
  ];
}
