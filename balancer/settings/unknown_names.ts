/**
 * Unknown variables with the prefix of settings: most often a typing error.
 *
 * @module
 */
import { closest, distance } from "fastest-levenshtein";

/** The prefix of all settings. */
const PREFIX = "LB_";

/** Variables of the test run. The balancers that the tests start inherit them. */
const TEST_PREFIX = "LB_TEST_";

/** Settings of earlier versions, and the settings that replace them. */
const RENAMED: Readonly<Record<string, string>> = {
  LB_DOCKER_SOCKET: "LB_DOCKER_HOST",
  LB_TUNNEL_TIMEOUT_MS: "LB_STREAM_IDLE_MS",
};

/** A name is no typing error if more than this share of its letters differs. */
const LARGEST_DIFFERENCE = 0.4;

/**
 * Returns one fault for each variable that has the prefix of settings but names no setting.
 *
 * @param names names of environment variables
 * @param settings names of all settings
 */
export function unknownNameFaults(
  names: readonly string[],
  settings: readonly string[],
): string[] {
  const known = new Set(settings);
  return names
    .filter((name) => name.startsWith(PREFIX) && !name.startsWith(TEST_PREFIX) && !known.has(name))
    .sort()
    .map((name) => `${name}: ${advice(name, settings)}`);
}

function advice(name: string, settings: readonly string[]): string {
  const replacement = RENAMED[name];
  if (replacement !== undefined) return `is now called ${replacement}`;
  const word = withoutPrefix(name.toUpperCase());
  const nearest = closest(word, settings.map(withoutPrefix));
  const letters = Math.max(word.length, nearest.length);
  return distance(word, nearest) <= Math.max(2, letters * LARGEST_DIFFERENCE)
    ? `no setting has this name; did you mean ${PREFIX}${nearest}?`
    : "no setting has this name; docs/reference/settings.md lists all settings";
}

/** Every name has the prefix, so that the prefix says nothing about likeness. */
function withoutPrefix(name: string): string {
  return name.slice(PREFIX.length);
}
