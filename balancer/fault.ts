/**
 * Messages about invalid values: each names the bound and the value received.
 *
 * @module
 */

/** Builds a message with the bound of a value and the value received. */
export function received(rule: string): (issue: { readonly input: unknown }) => string {
  return ({ input }) => `${rule}; got ${shown(input)}`;
}

/** Builds a message with the required form of an object, or with its allowed fields. */
export function describe(
  fields: string,
  example: string,
): (issue: { readonly code: string; readonly input: unknown; readonly keys?: unknown }) => string {
  return ({ code, input, keys }) =>
    code === "unrecognized_keys"
      ? `must have no fields but ${fields}; got ${shown(keys)}`
      : `must be an object such as ${example}; got ${shown(input)}`;
}

/** A value as JSON, shortened if it is long. */
export function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  // A JSON number such as 1e999 parses as Infinity, which JSON.stringify would print as null.
  return typeof value === "number" ? String(value) : cut(JSON.stringify(value));
}

/** A text, shortened if it is long. */
export function cut(text: string): string {
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
