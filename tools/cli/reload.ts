/**
 * `ringkeeper reload`: has the balancer read its configuration file again.
 *
 * @module
 */
import type { Command } from "commander";
import type { Reloaded } from "../../balancer/answers/settings.ts";
import { apiOf, balancerCommand, type CommonOptions, type Manual, printAnswer } from "./command.ts";
import { fleetOfEnvironment } from "../fleet_places.ts";
import { copyConfig } from "../up/config.ts";
import { placesInUse, readState } from "../up/state.ts";
import { plain } from "./figures.ts";

const MANUAL: Manual = {
  summary: "read the configuration file again",
  about: "Makes the running balancer read its configuration file again. Settings that need no " +
    "restart change at once, in one step, without an effect on running requests. Prints the " +
    "changed settings, and those that need a restart with the reason. A file with faults " +
    "changes nothing.",
  examples: [
    ["reload", "read it again"],
    ["settings --config ringkeeper.yaml", "check the file first"],
  ],
};

/** The verb `reload`. */
export function reloadCommand(): Command {
  return balancerCommand("reload", MANUAL)
    .option("--json", "print the answer of POST /_lb/reload as it is")
    .action(async (options: CommonOptions) => {
      const api = await apiOf(options);
      await refreshCopy(api.url);
      const answer = await api.reload();
      printAnswer(answer, options, ({ message }) => reloadLines(message));
    });
}

/** A balancer in a container that `up` started reads a copy of the file. */
async function refreshCopy(url: string): Promise<void> {
  const places = await placesInUse(fleetOfEnvironment());
  const state = await readState(places.stateFile);
  if (state?.engine !== "docker" || state.config === undefined || state.url !== url) return;
  await copyConfig(state.config, places);
}

/**
 * Formats the result of a reload.
 *
 * @param result what changed, and what needs a restart
 */
function reloadLines({ file, changed, restart }: Reloaded): string[] {
  const value = (text: string) => text === "" ? "empty" : plain(text);
  const line = ({ name, from, to }: Reloaded["changed"][number]) =>
    `  ${name}: ${value(from)} -> ${value(to)}`;
  return [
    changed.length === 0 ? `${plain(file)}: nothing changed` : `${plain(file)}: changed`,
    ...changed.map(line),
    ...(restart.length === 0 ? [] : ["after a restart:"]),
    ...restart.map((one) => `${line(one)} (${one.reason})`),
  ];
}
