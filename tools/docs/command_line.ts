/**
 * `deno task command-line`: writes docs/reference/command-line.md from the program's commands.
 *
 * @module
 */
import type { Command } from "commander";
import { API_HELP, manualOf } from "../cli/command.ts";
import { program } from "../cli/program.ts";
import { print } from "../print.ts";
import { ROOT } from "../project.ts";

/** The page that describes every verb. */
export const COMMAND_LINE_PAGE: URL = new URL("docs/reference/command-line.md", ROOT);

const HEAD = `# Command line

Written by \`deno task command-line\` from the commands themselves; a test compares both.

\`./ringkeeper\` in the project's folder is the program; it fetches the pinned Deno where there is
none. \`deno task ringkeeper\` is the same, and so are tasks such as \`deno task status\`.`;

/** The text of the page. */
export function commandLinePage(): string {
  const all = program();
  const help = all.createHelp();
  const groups = Map.groupBy(
    help.visibleCommands(all).filter((command) => manualOf(command)),
    (command) => command.helpGroup(),
  );
  const sections = [...groups].flatMap(([title, verbs]) => [
    `## ${title.replace(/:$/, "")}`,
    ...verbs.map(section),
  ]);
  const calls = `## Verbs that call the API\n\n${fence("text", API_HELP.trim())}`;
  return `${[HEAD, ...sections, calls].join("\n\n")}\n`;
}

function section(verb: Command): string {
  const help = verb.createHelp();
  const { examples = [] } = manualOf(verb) ?? {};
  const terms = [
    ...help.visibleArguments(verb).map((one) => [one.name(), help.argumentDescription(one)]),
    ...help.visibleOptions(verb).filter(({ long }) => long !== "--help").map((
      one,
    ) => [one.flags, help.optionDescription(one)]),
  ];
  return [
    `### ringkeeper ${verb.name()}`,
    verb.description(),
    fence("text", `ringkeeper ${verb.name()} ${verb.usage()}`),
    terms.map(([term, about]) => `- \`${term}\`: ${about}`).join("\n"),
    fence("sh", examples.map(([line, about]) => `ringkeeper ${line}  # ${about}`).join("\n")),
  ].join("\n\n");
}

function fence(language: string, text: string): string {
  return `\`\`\`${language}\n${text}\n\`\`\``;
}

if (import.meta.main) {
  await Deno.writeTextFile(COMMAND_LINE_PAGE, commandLinePage());
  print(`wrote ${COMMAND_LINE_PAGE.pathname}`);
}
