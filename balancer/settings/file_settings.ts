/**
 * The setting that names the configuration file.
 *
 * @module
 */
import { type Setting, text } from "./setting.ts";

/** In the order in which the reference lists them. */
export const FILE_SETTINGS = {
  LB_CONFIG: text(
    "",
    "configuration file (YAML) with further settings; the environment has precedence over it",
    { expects: "a path, or empty", pattern: /^[^\0]*$/ },
  ),
} satisfies Record<string, Setting<unknown>>;
