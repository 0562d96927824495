/**
 * The version of the product.
 *
 * @module
 */
import manifest from "../deno.json" with { type: "json" };

/** The version as deno.json has it, in the form of Semantic Versioning; see CHANGELOG.md. */
export const VERSION: string = manifest.version;
