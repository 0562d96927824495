/**
 * Where each setting comes from: its default, the configuration file or the environment.
 *
 * @module
 */
import { type ConfigFile, type FileValue, placeText } from "./config_file.ts";
import type { Setting } from "./setting.ts";
import { type SettingName, SETTINGS } from "./settings.ts";

/** The text of a setting, and where it comes from. */
export interface Origin {
  readonly text: string;
  readonly from: "default" | "file" | "environment";
  /** Set for a value of the file. */
  readonly value?: FileValue;
}

/**
 * Returns the text in force of each setting. The environment has precedence over the file.
 *
 * @param env environment variables by name
 * @param file the configuration file
 */
export function originsOf(
  env: Readonly<Record<string, string>>,
  file?: ConfigFile,
): ReadonlyMap<SettingName, Origin> {
  const superseded = new Set(secretsOf(env));
  const originOf = (name: SettingName, setting: Setting<unknown>): Origin => {
    const text = env[name];
    if (isSet(text, setting)) return { text, from: "environment" };
    const value = superseded.has(name) ? undefined : file?.values.get(name);
    if (value) return { text: value.text, from: "file", value };
    return { text: setting.fallback, from: "default" };
  };
  return new Map(ALL.map(([name, setting]) => [name, originOf(name, setting)]));
}

const ALL = Object.entries(SETTINGS) as [SettingName, Setting<unknown>][];

function isSet(text: string | undefined, { emptyCounts }: Setting<unknown>): text is string {
  return text !== undefined && (text !== "" || emptyCounts === true);
}

/** A secret in the environment also takes precedence over the file that the configuration names. */
function secretsOf(env: Readonly<Record<string, string>>): string[] {
  return ALL
    .filter(([name, setting]) => setting.asFile !== undefined && isSet(env[name], setting))
    .map(([, { asFile = "" }]) => asFile);
}

/**
 * Gives a fault the place in the file where its setting stands, and the settings of the file their
 * names there.
 *
 * @param fault a line that begins with the names of one or more settings
 * @param origins where each setting comes from
 * @param file the configuration file
 */
export function located(
  fault: string,
  origins: ReadonlyMap<SettingName, Origin>,
  file?: ConfigFile,
): string {
  if (!file) return fault;
  const valueOf = (name: string) => origins.get(name as SettingName)?.value;
  const names = /^[A-Z_]+(?:, [A-Z_]+)*(?=:)/.exec(fault)?.[0].split(", ") ?? [];
  const [value] = names.map(valueOf).filter((one) => one !== undefined);
  const text = fault.replaceAll(
    /\b(?:LB|DOCKER)_[A-Z_]+\b/g,
    (name) => valueOf(name)?.path ?? name,
  );
  return value ? `${placeText(file.name, value.at)}: ${text}` : text;
}
