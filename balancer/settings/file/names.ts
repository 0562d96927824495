/**
 * The names that a configuration file may use, and advice about names that it may not.
 *
 * @module
 */
import { OUTSIDE_FILES, PROCESS_GROUPS, SERVICE_GROUPS } from "../config_groups.ts";
import type { SettingName } from "../settings.ts";
import { similarName } from "../unknown_names.ts";

/** The fields of a group, by name. */
export type Fields = Readonly<Record<string, SettingName>>;

/** The groups of the process, by name. */
export const PROCESS: Readonly<Record<string, Fields>> = PROCESS_GROUPS;

/** The groups of a service, by name. */
export const SERVICE: Readonly<Record<string, Fields>> = SERVICE_GROUPS;

/** The name of the service that is not named. */
export const DEFAULT_SERVICE = "default";

/**
 * The path of each setting in a file.
 *
 * @param service the name of the service
 */
export function settingPaths(service: string): ReadonlyMap<SettingName, string> {
  const paths = new Map<SettingName, string>();
  const add = (prefix: string, groups: Readonly<Record<string, Fields>>) => {
    for (const [group, fields] of Object.entries(groups)) {
      for (const [field, name] of Object.entries(fields)) {
        if (!(name in OUTSIDE_FILES)) paths.set(name, `${prefix}${group}.${field}`);
      }
    }
  };
  add("", PROCESS);
  add(`services.${service}.`, SERVICE);
  return paths;
}

/**
 * Advice about an unknown name, as the end of a sentence.
 *
 * @param word the name
 * @param known the names that may stand there
 * @param service the name of the service
 */
export function adviceAbout(word: string, known: readonly string[], service: string): string {
  const elsewhere = placeOf(word, service);
  if (elsewhere !== undefined) return `no name of this place; it belongs at ${elsewhere}`;
  const similar = similarName(word, known);
  if (similar !== undefined) return `no name of this place; did you mean ${similar}?`;
  return `no name of this place; the names are ${known.join(", ")}`;
}

/** Where a name belongs that is right at another place. */
function placeOf(word: string, service: string): string | undefined {
  if (word in PROCESS) return word;
  if (word in SERVICE || word === "routes") return `services.${service}.${word}`;
  const paths = settingPaths(service);
  const variable = paths.get(word as SettingName);
  if (variable !== undefined) return variable;
  const fields = [...paths.values()].filter((path) => path.endsWith(`.${word}`));
  return fields.length === 1 ? fields[0] : undefined;
}
