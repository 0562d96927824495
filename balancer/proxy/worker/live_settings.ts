/**
 * Changes of a worker's settings while it runs. The services of the worker hold the same objects, so
 * a change reaches all of them in one step.
 *
 * @module
 */
import type { KeySource } from "../../settings/values.ts";
import type { ProxySettings } from "../settings.ts";

/**
 * Replaces settings in place.
 *
 * @param settings the worker's settings
 * @param next the settings that they become
 */
export function replaceSettings(settings: ProxySettings, next: ProxySettings): void {
  const { limits, timeouts, hold } = settings;
  Object.assign(limits, next.limits);
  Object.assign(timeouts, next.timeouts);
  Object.assign(hold, next.hold);
  Object.assign(settings, next, { limits, timeouts, hold });
}

/** The sources of keys that requests may have. */
export function keySources({ rules, routes }: ProxySettings): KeySource[] {
  return [rules.keySource, ...routes.map(({ rules }) => rules.keySource)];
}
