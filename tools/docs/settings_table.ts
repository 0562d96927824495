/**
 * `deno task settings`: writes docs/reference/settings.md from the settings' definitions.
 *
 * @module
 */
import type { Setting } from "../../balancer/settings/setting.ts";
import { SETTING_GROUPS } from "../../balancer/settings/settings.ts";
import { print } from "../print.ts";
import { ROOT } from "../project.ts";

/** The page that lists every setting. */
export const SETTINGS_PAGE: URL = new URL("docs/reference/settings.md", ROOT);

const HEAD = `# Settings

Written by \`deno task settings\` from the code that checks the settings; a test compares both.

Settings are environment variables, and \`make run\` passes them on. All faults are reported in one
message before anything starts. An empty variable counts as unset, except \`LB_HEALTH_PATH\`.
`;

/** The text of the page. */
export function settingsPage(): string {
  const groups = Object.entries(SETTING_GROUPS).flatMap(([title, settings]) => [
    `## ${title}`,
    ...Object.entries<Setting<unknown>>(settings).map(([name, setting]) => entry(name, setting)),
  ]);
  return `${[HEAD.trimEnd(), ...groups].join("\n\n")}\n`;
}

function entry(name: string, { fallback, expects, about }: Setting<unknown>): string {
  const value = fallback === "" ? "empty" : `\`${fallback}\``;
  return `### ${name}\n\n${about}\n\n- default: ${value}\n- value: ${expects}`;
}

if (import.meta.main) {
  await Deno.writeTextFile(SETTINGS_PAGE, settingsPage());
  print(`wrote ${SETTINGS_PAGE.pathname}`);
}
