/**
 * Describes a JSON schema in words, for the API's documentation.
 *
 * @module
 */
import { html } from "hono/html";

/** Escaped HTML. */
export type Html = ReturnType<typeof html>;

/** The keywords of JSON schema that the API's description uses. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly format?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly default?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly prefixItems?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
}

/** Text as code. */
export function code(text: string): Html {
  return html`<code>${text}</code>`;
}

/** Text in which backticks mark code. */
export function prose(text: string): Html {
  return html`${text.split("`").map((part, at) => at % 2 === 0 ? part : code(part))}`;
}

/**
 * Describes a value briefly. Its fields are listed by {@linkcode fields}.
 *
 * @param schema the schema of the value
 */
export function typeOf(schema: Schema): Html {
  const { $ref, enum: words, items, additionalProperties: values } = schema;
  if ($ref !== undefined) return reference($ref);
  if (schema.const !== undefined) return code(JSON.stringify(schema.const));
  if (words) return joined(words.map((word) => code(JSON.stringify(word))), ", ");
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) return joined(choices.map(typeOf), " or ");
  if (schema.allOf) return joined(schema.allOf.map(typeOf), " and ");
  if (schema.prefixItems) return html`list of ${joined(schema.prefixItems.map(typeOf), ", ")}`;
  if (items) return html`list of ${typeOf(items)}`;
  if (typeof values === "object") return html`object by name of ${typeOf(values)}`;
  return html`${[schema.type ?? "anything"].flat().join(" or ")}${bounds(schema)}`;
}

function reference(ref: string): Html {
  const name = ref.split("/").at(-1);
  return html`<a href="#schema-${name}">${name}</a>`;
}

function joined(parts: readonly Html[], between: string): Html {
  return html`${parts.map((part, at) => at === 0 ? part : html`${between}${part}`)}`;
}

/** Describes a bound in words. Patterns are left out: the error messages state them in words. */
function bounds({ format, minimum, maximum, maxLength }: Schema): string {
  return [
    format === undefined ? "" : ` (${format})`,
    minimum === undefined ? "" : ` from ${minimum}`,
    maximum === undefined ? "" : ` to ${maximum}`,
    maxLength === undefined ? "" : ` of at most ${maxLength} characters`,
  ].join("");
}

/**
 * Lists the fields of a value and of its parts; empty if the value has none.
 *
 * @param schema the schema of the value
 */
export function fields(schema: Schema): Html | "" {
  const { properties, required = [] } = schema;
  if (properties) {
    const rows = Object.entries(properties).map(([name, one]) =>
      field(name, one, required.includes(name))
    );
    return html`<dl class="fields">${rows}</dl>`;
  }
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) return html`${choices.map(choice)}`;
  if (schema.items) return fields(schema.items);
  const { additionalProperties: values } = schema;
  if (typeof values === "object") return fields(values);
  return "";
}

function choice(schema: Schema): Html | "" {
  if (schema.$ref !== undefined) return html`<p>${typeOf(schema)}</p>`;
  const { description = "" } = schema;
  const inner = fields(schema);
  return inner === ""
    ? ""
    : html`${description ? html`<p>${prose(description)}:</p>` : ""}${inner}`;
}

function field(name: string, schema: Schema, required: boolean): Html {
  const { description, default: value } = schema;
  return html`
    <dt>${code(name)}</dt>
    <dd>${typeOf(schema)}${required ? "" : ", optional"}${value === undefined
      ? ""
      : html`, ${code(JSON.stringify(value))} if not given`}${description
      ? html`<br>${prose(description)}`
      : ""}${fields(schema)}</dd>
  `;
}
