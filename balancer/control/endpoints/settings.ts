/**
 * The calls about the settings.
 *
 * @module
 */
import { settings } from "../../answers/settings.ts";
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
