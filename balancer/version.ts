/**
 * Which version of the product this is.
 *
 * @module
 */

/** As Semantic Versioning has it; CHANGELOG.md says what is in it. */
export const VERSION = "0.1.0";
