/**
 * Describes settings: the value in force and where it comes from. Secrets are never shown.
 *
 * @module
 */
import { type ConfigFile, placeText } from "./config_file.ts";
import type { Origin } from "./origin.ts";
import { restartReason } from "./reload_rules.ts";
import type { Setting } from "./setting.ts";
import { type SettingName, SETTINGS } from "./settings.ts";

/** A setting in force. */
interface DescribedSetting {
  readonly name: SettingName;
  /** Its text, as in the environment; for a secret only whether it is set. */
  readonly value: string;
  readonly from: Origin["from"] | "api";
  /** Its place in the configuration file, `FILE:LINE:COLUMN`. */
  readonly at: string | null;
  readonly default: string;
  /** Why a change needs a restart; null if a reload changes it. */
  readonly restart: string | null;
}

/**
 * Describes every setting.
 *
 * @param origins the texts in force and where they come from
 * @param file the configuration file
 * @param changed values that calls of the API have changed since
 */
export function describeSettings(
  origins: ReadonlyMap<SettingName, Origin>,
  file?: ConfigFile,
  changed: ReadonlyMap<SettingName, string> = new Map(),
): DescribedSetting[] {
  return [...origins].map(([name, { text, from, value }]) => {
    const { fallback }: Setting<unknown> = SETTINGS[name];
    const now = changed.get(name);
    return {
      name,
      value: shownText(name, now ?? text),
      from: now === undefined ? from : "api",
      at: now === undefined && value && file ? placeText(file.name, value.at) : null,
      default: fallback,
      restart: restartReason(name) ?? null,
    };
  });
}

/**
 * The text of a setting for people.
 *
 * @param name the setting
 * @param text its text; a secret is not shown
 */
export function shownText(name: SettingName, text: string): string {
  const { secret, fallback }: Setting<unknown> = SETTINGS[name];
  return secret && text !== fallback ? "(secret)" : text;
}
