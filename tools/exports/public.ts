/**
 * Exports that need no import within the project.
 *
 * @module
 */

/** Files and folders whose exports are public, or are checked by other tools. */
export const PUBLIC: readonly string[] = [
  // The package's own API.
  "ring/mod.ts",
  // Replaces the standard library.
  "std/",
  // Bundled for browsers, with an import map of its own.
  "balancer/page/",
];
