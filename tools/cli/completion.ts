/**
 * `ringkeeper completion SHELL`: completion of the program's command line. The scripts ask the
 * program itself, by the hidden verb `complete`.
 *
 * @module
 */
import { Argument, type Command } from "commander";
import { print } from "../print.ts";
import { type Manual, verb } from "./command.ts";
import { completionsOf } from "./completions.ts";
import { COMPLETION_SCRIPTS, type Shell, SHELLS } from "./completion_scripts.ts";

const MANUAL: Manual = {
  summary: "completion for bash, zsh and fish",
  about: "Prints a script by which the shell completes verbs, options, their values and the " +
    "names of replicas.",
  examples: [
    ["completion bash >> ~/.bashrc", "for every new bash"],
    ["completion zsh > ~/.zfunc/_ringkeeper", "in a folder of $fpath"],
    ["completion fish | source", "for this fish"],
  ],
};

/** Represents file names in the output of `complete`. */
const FILES = ":files";

/** The verb `completion`. */
export function completionCommand(): Command {
  return verb("completion", MANUAL)
    .addArgument(new Argument("<SHELL>", "the shell").choices(SHELLS))
    .action((shell: Shell) => print(COMPLETION_SCRIPTS[shell].trim()));
}

/**
 * The verb `complete`: prints the candidates for the last word, one per line, with a tab before the
 * description.
 *
 * @param program makes the program whose command line is completed
 */
export function completeCommand(program: () => Command): Command {
  const manual = {
    summary: "",
    about: "What may stand next, for the completion scripts.",
    examples: [],
  };
  return verb("complete", manual)
    .argument("[WORDS...]", "the words after the program's name")
    .action(async (words: readonly string[]) => {
      const found = await completionsOf(program(), words);
      const lines = found === "files"
        ? [FILES]
        : found.map(({ value, about }) => about === "" ? value : `${value}\t${about}`);
      if (lines.length > 0) print(lines.join("\n"));
    });
}
