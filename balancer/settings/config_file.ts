/**
 * The content of a configuration file, once it is read. Without a file nothing here loads the YAML
 * parser.
 *
 * @module
 */
import type { RouteConfig } from "./routes.ts";
import type { SettingName } from "./settings.ts";

/** A place in a file; both numbers count from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** The value of a setting in a file. */
export interface FileValue {
  /** The text that the environment would have. */
  readonly text: string;
  /** Names that lead to it, with dots. */
  readonly path: string;
  readonly at: Position;
}

/** A route of a file. */
export interface FileRoute extends RouteConfig {
  readonly at: Position;
}

/** The content of a configuration file. */
export interface ConfigFile {
  /** The path that was given. */
  readonly name: string;
  /** The service that it describes. */
  readonly service: string;
  readonly values: ReadonlyMap<SettingName, FileValue>;
  /** The routes, in the order of the file. */
  readonly routes: readonly FileRoute[];
  /** Every fault, in the order of the file: place, name, bound and value. */
  readonly faults: readonly string[];
}

/**
 * A place in a file, as editors and terminals link it.
 *
 * @param name the path of the file
 * @param at the position
 */
export function placeText(name: string, { line, column }: Position): string {
  return `${name}:${line}:${column}`;
}
