/**
 * `ringkeeper version`: the versions of the program and of its runtime.
 *
 * @module
 */
import type { Command } from "commander";
import { VERSION } from "../../balancer/version.ts";
import { print } from "../print.ts";
import { type Manual, verb } from "./command.ts";

const MANUAL: Manual = {
  summary: "version of ringkeeper and of Deno",
  about: "Prints the version of ringkeeper and of the Deno that runs it.",
  examples: [["version --json", "for scripts"]],
};

/** The verb `version`. */
export function versionCommand(): Command {
  return verb("version", MANUAL)
    .option("--json", "print one JSON object")
    .action(({ json }: { readonly json?: true }) => {
      const versions = { ringkeeper: VERSION, deno: Deno.version.deno };
      print(json ? JSON.stringify(versions) : `ringkeeper ${VERSION} (Deno ${Deno.version.deno})`);
    });
}
