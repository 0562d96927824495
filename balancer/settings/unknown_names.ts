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
  const nearest = similarName(withoutPrefix(name.toUpperCase()), settings.map(withoutPrefix));
  return nearest === undefined
    ? "no setting has this name; docs/reference/settings.md lists all settings"
    : `no setting has this name; did you mean ${PREFIX}${nearest}?`;
}

/**
 * Returns the known name that a word was probably meant to be.
 *
 * @param word the word
 * @param names known names
 * @returns undefined if no name is similar
 */
export function similarName(word: string, names: readonly string[]): string | undefined {
  const nearest = closest(word, names);
  const letters = Math.max(word.length, nearest.length);
  const limit = Math.max(2, letters * LARGEST_DIFFERENCE);
  return nearest !== "" && distance(word, nearest) <= limit ? nearest : undefined;
}

/** Every name has the prefix, so that the prefix says nothing about likeness. */
function withoutPrefix(name: string): string {
  return name.slice(PREFIX.length);
}
