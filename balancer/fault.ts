/**
 * Messages about values that cannot be used: each names the bound and the value received.
 *
 * @module
 */

/** Says what a value had to be and what it was. */
export function received(rule: string): (issue: { readonly input: unknown }) => string {
  return ({ input }) => `${rule}; got ${shown(input)}`;
}

/** Says what an object had to be, or which fields it may have. */
export function describe(
  fields: string,
  example: string,
): (issue: { readonly code: string; readonly input: unknown; readonly keys?: unknown }) => string {
  return ({ code, input, keys }) =>
    code === "unrecognized_keys"
      ? `must have no fields but ${fields}; got ${shown(keys)}`
      : `must be an object such as ${example}; got ${shown(input)}`;
}

/** A value as JSON, cut where a client sent a long one. */
export function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  // JSON has numbers that are too large for one, and none to show them as.
  return typeof value === "number" ? String(value) : cut(JSON.stringify(value));
}

/** A text, cut where it is long. */
export function cut(text: string): string {
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
