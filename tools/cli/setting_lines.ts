/**
 * Settings as text: what each is for, and its value in an environment.
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
  /** The text in force; of a secret only that there is one. */
  readonly value: string;
  readonly from: "environment" | "default";
  readonly default: string;
  /** What values it takes. */
  readonly expects: string;
  readonly about: string;
}

const ALL = Object.entries<Setting<unknown>>(SETTINGS);

/**
 * Every setting with its value.
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
 * Everything that the balancer would refuse of an environment.
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
 * The names of settings, from what people type: `LB_PORT`, `port`, `lb-port`.
 *
 * @param words what was typed
 * @returns the names; for each word that is none, what it may have been
 */
export function namesOf(
  words: readonly string[],
): { readonly known: readonly string[]; readonly unknown: readonly string[] } {
  const names = words.map((word) => word.toUpperCase().replaceAll("-", "_"))
    .map((word) => word.startsWith("LB_") ? word : `LB_${word}`);
  return { known: names, unknown: unknownNameFaults(names, Object.keys(SETTINGS)) };
}

/**
 * All settings as a table.
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
 * One setting in full.
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
