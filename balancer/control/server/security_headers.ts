/**
 * Security headers of every answer of the control API.
 *
 * @module
 */
import type { Context, Next } from "hono";

/** Forbids content sniffing, embedding by other sites, and caching. */
const FIELDS: Readonly<Record<string, string>> = {
  "x-content-type-options": "nosniff",
  "cross-origin-resource-policy": "same-origin",
  "cache-control": "no-store",
};

/** Adds the headers that an answer, such as the page's, does not set itself. */
export async function secured(c: Context, next: Next): Promise<void> {
  await next();
  for (const [name, value] of Object.entries(FIELDS)) {
    if (!c.res.headers.has(name)) c.res.headers.set(name, value);
  }
}
