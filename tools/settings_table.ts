/**
 * `deno task settings`: prints the README's table of settings from the settings themselves.
 *
 * @module
 */
import { SETTINGS } from "../balancer/settings/settings.ts";
import { say } from "./print.ts";

/** The table of all settings in Markdown, without a line's end at its end. */
export function settingsTable(): string {
  const rows = Object.entries(SETTINGS).map(([name, { fallback, expects, about }]) =>
    `| \`${name}\` | ${fallback === "" ? "" : `\`${fallback}\``} | ${about} | ${expects} |`
  );
  return ["| name | default | what it is for | value |", "| --- | --- | --- | --- |", ...rows]
    .join("\n");
}

if (import.meta.main) say(settingsTable());
