/**
 * The parts of a saved state that are restored. A setting that changed since the state was saved is
 * newer and overrides it.
 *
 * @module
 */
import { sameUpstreams } from "../../upstream_list.ts";
import { sameTemplate } from "../spec/template.ts";
import type { Desired, DesiredSettings } from "./desired.ts";
import type { SavedFleet } from "./store.ts";

/** Returns the saved template and deploy, unless the template of the settings has changed. */
export function restoredTemplates(
  { template, deploy, settings: then }: SavedFleet,
  { settings, log }: DesiredSettings,
): Partial<Desired> {
  const deployed = { template: { ...settings, ...template }, deploy };
  if (!settings || !then || sameTemplate(settings, then)) return deployed;
  if (sameTemplate(template, then) && !deploy) return {};
  log.warn(
    "LB_REPLICA_IMAGE, LB_REPLICA_COMMAND or LB_REPLICA_OPTIONS was changed since the last deploy: the settings are in force, and the deployed template is dropped",
    { settings, deployed: deploy ?? template },
  );
  return {};
}

/** Returns the saved upstreams, unless the list of the settings has changed. */
export function restoredUpstreams(
  { upstreams: kept }: SavedFleet,
  { upstreams: settings, log }: DesiredSettings,
): Partial<Desired> {
  if (!kept || !settings) return {};
  if (sameUpstreams(kept.settings, settings)) return { upstreams: kept.inForce };
  log.warn(
    "LB_UPSTREAMS was changed after PUT /_lb/upstreams or after a change of a weight: the setting is in force, and the saved change is dropped",
  );
  return {};
}
