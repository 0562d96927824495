/**
 * Exports that need no import within the project.
 *
 * @module
 */

/** Files and folders whose exports are for others, or are checked by other tools. */
export const PUBLIC: readonly string[] = [
  // The package's own API.
  "ring/mod.ts",
  // Takes the place of the standard library.
  "std/",
  // Bundled for browsers, with an import map of its own.
  "balancer/page/",
];

/** Rooms whose dead exports are still to go. No room may be added. */
export const PENDING: readonly string[] = [
  "balancer/engine/",
  "balancer/fleet/",
  "balancer/proxy/",
];
