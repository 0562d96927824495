/**
 * Writes docs/reference/ringkeeper.schema.json, the JSON Schema of the configuration file for
 * editors, from the settings' definitions.
 *
 * @module
 */
import { z } from "zod";
import {
  OUTSIDE_FILES,
  PROCESS_GROUPS,
  SERVICE_GROUPS,
} from "../../balancer/settings/config_groups.ts";
import { MOST_ROUTES, ROUTE_RULES } from "../../balancer/settings/routes.ts";
import type { FileForm, Setting } from "../../balancer/settings/setting.ts";
import { type SettingName, SETTINGS } from "../../balancer/settings/settings.ts";
import { print } from "../print.ts";
import { ROOT } from "../project.ts";

/** The schema's file. */
export const SCHEMA_FILE: URL = new URL("docs/reference/ringkeeper.schema.json", ROOT);

type JsonSchema = Readonly<Record<string, unknown>>;
type Fields = Readonly<Record<string, SettingName>>;

/** The schema of the file, in the draft that editors know best. */
export function configSchema(): JsonSchema {
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "ringkeeper.yaml",
    description: "Configuration file of ringkeeper (docs/guide/configuration.md)",
    ...objectOf({
      ...groups(PROCESS_GROUPS),
      services: {
        description: "The services by name; this version takes one",
        type: ["object", "null"],
        maxProperties: 1,
        propertyNames: { pattern: "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$" },
        additionalProperties: objectOf({ ...groups(SERVICE_GROUPS), routes: ROUTES }),
      },
    }),
  };
}

const ROUTES: JsonSchema = {
  description: "Rules of their own for some requests; the longest match counts",
  type: ["array", "null"],
  maxItems: MOST_ROUTES,
  items: objectOf({
    path: { type: "string", description: "Path prefix of whole segments" },
    host: { type: "string", description: "Host name, or *. and a name for one level below" },
    ...Object.fromEntries(
      Object.entries(ROUTE_RULES).map(([field, name]) => [field, ruleOf(field, name)]),
    ),
  }, "object"),
};

function ruleOf(field: string, name: SettingName): JsonSchema {
  const { expects, form = { kind: "text" } }: Setting<unknown> = SETTINGS[name];
  const about = field === "retries"
    ? "Whether a request that a replica may have received can be sent again"
    : `Instead of ${name}`;
  return { description: `${about}. Value: ${expects}`, ...valueOf(form) };
}

/** The text of the schema's file. */
export function schemaText(): string {
  return JSON.stringify(configSchema(), undefined, 2) + "\n";
}

function groups(groups: Readonly<Record<string, Fields>>): Record<string, JsonSchema> {
  return Object.fromEntries(
    Object.entries(groups).map(([name, fields]) => [name, groupOf(fields)]),
  );
}

function groupOf(fields: Fields): JsonSchema {
  const allowed = Object.entries(fields).filter(([, name]) => mayStand(name));
  return objectOf(Object.fromEntries(allowed.map(([field, name]) => [field, settingOf(name)])));
}

function mayStand(name: SettingName): boolean {
  const setting: Setting<unknown> = SETTINGS[name];
  return !(name in OUTSIDE_FILES) && setting.asFile === undefined;
}

function settingOf(name: SettingName): JsonSchema {
  const { about, expects, fallback, form = { kind: "text" } }: Setting<unknown> = SETTINGS[name];
  const value = fallback === "" ? "empty" : fallback;
  return {
    description: `${about}. Value: ${expects}. Default: ${value}. Variable: ${name}`,
    ...valueOf(form),
  };
}

function valueOf(form: FileForm): JsonSchema {
  switch (form.kind) {
    case "number":
      return numberOf(form);
    case "flag":
      return { type: "boolean" };
    case "choice":
      // YAML has words for true and false that a choice may have, too.
      return {
        enum: form.values.flatMap((word) => isBoolean(word) ? [word, word === "true"] : word),
      };
    case "text":
      return { type: ["string", "number", "boolean"] };
    case "list":
      return { type: ["array", "string"], items: { type: "string" } };
    case "upstreams":
      return { type: ["array", "string"], items: UPSTREAM };
    case "texts":
      return { type: "object", additionalProperties: { type: ["string", "number", "boolean"] } };
    case "json":
      return jsonOf(form.schema);
  }
}

function numberOf(
  { min, max, fraction, words }: Extract<FileForm, { kind: "number" }>,
): JsonSchema {
  const number = { type: fraction ? "number" : "integer", minimum: min, maximum: max };
  return words ? { anyOf: [number, { enum: words }] } : number;
}

function isBoolean(word: string): boolean {
  return word === "true" || word === "false";
}

const UPSTREAM: JsonSchema = {
  anyOf: [
    { type: "string", description: "name=address*weight; name and weight may be left out" },
    {
      ...objectOf({
        name: { type: "string", description: "Its name; its address unless given" },
        address: { type: "string", description: "host:port, https://host:port or unix:/path" },
        weight: { type: "number", minimum: 0, maximum: 1000, description: "1 unless given" },
      }, "object"),
      required: ["address"],
    },
  ],
};

function jsonOf(schema: z.ZodType): JsonSchema {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, {
    target: "draft-7",
    io: "input",
    unrepresentable: "any",
  });
  return rest;
}

/** A group without a setting, such as one whose lines are all comments, is null. */
function objectOf(
  properties: Readonly<Record<string, JsonSchema>>,
  type: unknown = ["object", "null"],
): JsonSchema {
  return { type, additionalProperties: false, properties };
}

if (import.meta.main) {
  await Deno.writeTextFile(SCHEMA_FILE, schemaText());
  print(`wrote ${SCHEMA_FILE.pathname}`);
}
