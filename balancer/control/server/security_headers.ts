/**
 * What browsers are told about every answer of the control API.
 *
 * @module
 */
import type { Context, Next } from "hono";

/** JSON is nothing else, no page of another site may have it embedded, and nobody keeps it. */
const FIELDS: Readonly<Record<string, string>> = {
  "x-content-type-options": "nosniff",
  "cross-origin-resource-policy": "same-origin",
  "cache-control": "no-store",
};

/** Adds what an answer does not say itself, as the page's do. */
export async function secured(c: Context, next: Next): Promise<void> {
  await next();
  for (const [name, value] of Object.entries(FIELDS)) {
    if (!c.res.headers.has(name)) c.res.headers.set(name, value);
  }
}
