/**
 * The calls about the settings.
 *
 * @module
 */
import { successful } from "../../answers/answer.ts";
import { reloaded, settings } from "../../answers/settings.ts";
import { entryOf } from "../auth/audit.ts";
import { jsonCall, type Operation } from "../api/endpoint.ts";

/** `GET /_lb/settings` */
export const getSettings: Operation = jsonCall({
  id: "getSettings",
  group: "Watching",
  summary: "The settings in force, and where each comes from",
  description: "Secrets are not shown, only whether they are set.",
  what: "Every setting",
  answer: settings,
  run: ({ settings }) => () => settings.list(),
});

/** `POST /_lb/reload` */
export const reloadSettings: Operation = jsonCall({
  id: "reload",
  group: "Watching",
  summary: "Read the configuration file again",
  description: "What can change without a restart changes in all workers, in one step or not at " +
    "all; requests under way keep the rules that they began with. The environment has precedence " +
    "over the file. The same as SIGHUP.",
  what: "What changed, and what needs a restart",
  answer: successful(reloaded),
  failures: {
    400: "The file has faults, each with its line and column: nothing was changed",
    409: "The balancer was started without a configuration file",
    503: "None of the new upstreams answers, or they cannot be saved: nothing was changed",
  },
  run: ({ settings }) => async ({ c }) => {
    const message = await settings.reload();
    const side = (which: "from" | "to") =>
      Object.fromEntries(message.changed.map((one) => [one.name, one[which]]));
    entryOf(c).changed(side("from"), side("to"));
    return { message, status: "successful" as const };
  },
});
