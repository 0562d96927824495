/**
 * The kinds of settings: how one environment variable is parsed and described.
 *
 * @module
 */
import { z } from "zod";
import { parseWhole } from "./values.ts";

/** One environment variable that the balancer understands. */
export interface Setting<T> {
  /** Turns the text of the variable into its value. */
  readonly schema: z.ZodType<T, string>;
  /** The text that stands in for an unset variable. */
  readonly fallback: string;
  /** Completes "must be …" in an error and stands in the reference. */
  readonly expects: string;
  /** What the setting is for, one sentence. */
  readonly about: string;
  /** True where an empty value is not the same as an unset one. */
  readonly emptyCounts?: true;
  /** True where the value must not be repeated in messages. */
  readonly secret?: true;
}

/** The longest delay that timers can keep; a longer one would fire at once. */
export const LARGEST_DELAY_MS = 2 ** 31 - 1;

/**
 * A schema out of a parser that answers `undefined` for what it does not accept.
 *
 * @param parse from the variable's text to its value
 */
export function parsed<T>(parse: (text: string) => T | undefined): z.ZodType<T, string> {
  return z.string().transform((value, context) => {
    const result = parse(value);
    if (result !== undefined) return result;
    context.addIssue({ code: "custom" });
    return z.NEVER;
  });
}

/**
 * JSON that is held to a schema, whose own messages say which field of it is at fault.
 *
 * @param schema what the value must be
 * @param fallback the text that stands in for an unset variable
 * @param expects completes "must be ..." for what is not JSON
 * @param about what the setting is for
 */
export function json<T>(
  schema: z.ZodType<T>,
  fallback: string,
  expects: string,
  about: string,
): Setting<T> {
  const value = z.string().transform((text, context): unknown => {
    try {
      return JSON.parse(text);
    } catch {
      // Not JSON: what is expected is said by the setting.
      context.addIssue({ code: "custom" });
      return z.NEVER;
    }
  });
  return { schema: value.pipe(schema), fallback, expects, about };
}

/** A whole number from `min` to `max`. */
export function whole(fallback: number, min: number, max: number, about: string): Setting<number> {
  return {
    schema: parsed((value) => parseWhole(value, min, max)),
    fallback: String(fallback),
    expects: `a whole number from ${min} to ${max}`,
    about,
  };
}

/** One of a few words; the first is the default. */
export function choice<const T extends string>(
  values: readonly [T, ...T[]],
  about: string,
): Setting<T> {
  return {
    schema: parsed((value) => values.find((known) => known === value)),
    fallback: values[0],
    expects: `one of ${values.join(", ")}`,
    about,
  };
}

/** Text of a certain form. */
export function text(
  fallback: string,
  about: string,
  form: { readonly expects: string; readonly pattern: RegExp; readonly secret?: true },
): Setting<string> {
  const { pattern, ...described } = form;
  const schema = parsed((value) => pattern.test(value) ? value : undefined);
  return { schema, fallback, about, ...described };
}
