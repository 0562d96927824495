/**
 * Flattens the properties of a log record into attributes with OpenTelemetry's names. The
 * balancer's log, the access log and spans share these names. A property that OpenTelemetry does
 * not name becomes `ringkeeper.` and its own name in snake case.
 *
 * Source of the names: OpenTelemetry semantic conventions 1.37, registry of attributes.
 *
 * @module
 */

/** A value that OpenTelemetry accepts as an attribute. */
type AttributeValue = string | number | boolean | readonly string[] | readonly number[];

/** Attributes by name. */
type Attributes = Readonly<Record<string, AttributeValue>>;

/** Names of the properties that log calls use. */
const NAMES: Readonly<Record<string, string>> = {
  client: "client.address",
  error: "error.message",
  file: "file.path",
  host: "host.name",
  hostname: "server.address",
  id: "ringkeeper.instance",
  name: "ringkeeper.replica",
  path: "file.path",
  pid: "process.pid",
  port: "server.port",
  stream: "log.iostream",
  userAgent: "user_agent.original",
};

/** Properties that map to two attributes, or to one of two. */
const SPLITS: Readonly<Record<string, (value: unknown) => Record<string, unknown>>> = {
  // `POST /add`
  call: (value) => {
    const [method, path] = String(value).split(" ", 2);
    return { "http.request.method": method, "url.path": path };
  },
  // A response's status, or a deploy's last step: each attribute has one type.
  outcome: (value) => ({
    [typeof value === "number" ? "http.response.status_code" : "ringkeeper.outcome"]: value,
  }),
};

/**
 * Returns the attributes of a record. Values other than scalars and lists of scalars become JSON
 * text: nested objects would add another shape, and clients choose the names in them. `null` and
 * `undefined` are left out, because OpenTelemetry has no such value.
 *
 * @param properties the record's properties
 */
export function attributesOf(properties: Readonly<Record<string, unknown>>): Attributes {
  const attributes: Record<string, AttributeValue> = {};
  for (const [property, value] of Object.entries(properties)) {
    const named = SPLITS[property]?.(value) ?? { [nameOf(property)]: value };
    for (const [name, one] of Object.entries(named)) {
      const plain = plainOf(one);
      if (plain !== undefined) attributes[name] = plain;
    }
  }
  return attributes;
}

function nameOf(property: string): string {
  if (property.includes(".")) return property;
  const snake = property.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return Object.hasOwn(NAMES, property) ? NAMES[property]! : `ringkeeper.${snake}`;
}

function plainOf(value: unknown): AttributeValue | undefined {
  switch (typeof value) {
    case "string":
    case "boolean":
      return value;
    case "number":
      return Number.isFinite(value) ? value : String(value);
    case "object":
      return objectOf(value);
    case "undefined":
      return undefined;
    default:
      return String(value);
  }
}

function objectOf(value: object | null): AttributeValue | undefined {
  if (value instanceof Error) return value.message;
  if (isListOf(value, "string") || isListOf(value, "number")) return value;
  const text = JSON.stringify(value);
  return text === "null" ? undefined : text;
}

function isListOf(value: unknown, type: "string"): value is string[];
function isListOf(value: unknown, type: "number"): value is number[];
function isListOf(value: unknown, type: string): boolean {
  return Array.isArray(value) && value.every((one) => typeof one === type);
}
