/**
 * The kinds of settings: how one environment variable is parsed and described.
 *
 * @module
 */
import { z } from "zod";
import { parseFlag, parseWhole } from "./values.ts";

/** How a setting is written in a configuration file; its text is the same as in the environment. */
export type FileForm =
  /** A whole number, or one of some words. */
  | {
    readonly kind: "number";
    readonly min: number;
    readonly max: number;
    readonly fraction?: true;
    readonly words?: readonly string[];
  }
  | { readonly kind: "flag" }
  | { readonly kind: "choice"; readonly values: readonly string[] }
  | { readonly kind: "text" }
  /** A list of texts, which the environment writes with commas. */
  | { readonly kind: "list" }
  /** A list of upstreams: texts, or maps of name, address and weight. */
  | { readonly kind: "upstreams" }
  /** A map of texts, which the environment writes as JSON. */
  | { readonly kind: "texts" }
  /** Any value, which the environment writes as JSON. */
  | { readonly kind: "json"; readonly schema: z.ZodType };

/** One environment variable that the balancer reads. */
export interface Setting<T> {
  /** Parses the variable's text. */
  readonly schema: z.ZodType<T, string>;
  /** The default text. */
  readonly fallback: string;
  /** Completes "must be …" in an error, and is listed in the reference. */
  readonly expects: string;
  /** The purpose of the setting, in one sentence. */
  readonly about: string;
  /** True if an empty value differs from an unset one. */
  readonly emptyCounts?: true;
  /** True if the value must not appear in messages. */
  readonly secret?: true;
  /** The setting that names a file of a secret: a configuration file may only hold that one. */
  readonly asFile?: string;
  /** Form in a configuration file; a text if it is not given. */
  readonly form?: FileForm;
}

/** The longest delay that timers support; a longer one would fire at once. */
export const LARGEST_DELAY_MS = 2 ** 31 - 1;

/**
 * Builds a schema from a parser that returns `undefined` for invalid text.
 *
 * @param parse parses the variable's text
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
 * A JSON setting with a schema; the schema's own messages name the invalid field.
 *
 * @param schema the schema of the value
 * @param fallback the default text
 * @param expects completes "must be ..." for text that is not JSON
 * @param about the purpose of the setting
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
      // Not JSON: the setting's own message states the expected form.
      context.addIssue({ code: "custom" });
      return z.NEVER;
    }
  });
  return { schema: value.pipe(schema), fallback, expects, about, form: { kind: "json", schema } };
}

/** A whole number from `min` to `max`. */
export function whole(fallback: number, min: number, max: number, about: string): Setting<number> {
  return {
    schema: parsed((value) => parseWhole(value, min, max)),
    fallback: String(fallback),
    expects: `a whole number from ${min} to ${max}`,
    about,
    form: { kind: "number", min, max },
  };
}

/** `auto`, which is the default, or a whole number from `min` to `max`. */
export function wholeOrAuto(min: number, max: number, about: string): Setting<number | "auto"> {
  return {
    schema: parsed((text) => text === "auto" ? text : parseWhole(text, min, max)),
    fallback: "auto",
    expects: `auto or a whole number from ${min} to ${max}`,
    about,
    form: { kind: "number", min, max, words: ["auto"] },
  };
}

/** True or false. */
export function flag(fallback: boolean, about: string): Setting<boolean> {
  return {
    schema: parsed(parseFlag),
    fallback: String(fallback),
    expects: "true or false",
    about,
    form: { kind: "flag" },
  };
}

/** One of several words; the first is the default. */
export function choice<const T extends string>(
  values: readonly [T, ...T[]],
  about: string,
): Setting<T> {
  return {
    schema: parsed((value) => values.find((known) => known === value)),
    fallback: values[0],
    expects: `one of ${values.join(", ")}`,
    about,
    form: { kind: "choice", values },
  };
}

/** Text of a certain form. */
export function text(
  fallback: string,
  about: string,
  form: {
    readonly expects: string;
    readonly pattern: RegExp;
    readonly secret?: true;
    readonly asFile?: string;
  },
): Setting<string> {
  const { pattern, ...described } = form;
  const schema = parsed((value) => pattern.test(value) ? value : undefined);
  return { schema, fallback, about, ...described };
}
