/**
 * Header fields on their way through: what must not cross, and what a proxy adds.
 *
 * @module
 */

/** RFC 9110, section 7.6.1: fields that are about one connection only. */
const HOP_BY_HOP = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** Name and value, in the order in which they were received. */
export type Field = readonly [name: string, value: string];

/**
 * The fields that may cross: all but the hop-by-hop ones and those that `Connection` names.
 *
 * @param fields fields as they were received
 */
export function endToEnd(fields: Iterable<Field>): Field[] {
  const all = [...fields];
  const dropped = new Set(HOP_BY_HOP);
  for (const [name, value] of all) {
    if (name.toLowerCase() !== "connection") continue;
    for (const option of value.split(",")) dropped.add(option.trim().toLowerCase());
  }
  return all.filter(([name]) => !dropped.has(name.toLowerCase()));
}

/** What the proxy knows about where a request came from. */
export interface Origin {
  /** IP address of the client. */
  readonly client: string;
  /** Host that the client asked for. */
  readonly host: string;
  readonly requestId: string;
}

/** What the proxy calls itself in `Via` (RFC 9110, section 7.6.3). */
export const VIA = "1.1 ringkeeper";

/**
 * The fields of a request as they are sent to a replica.
 *
 * @param fields fields as they were received
 * @param origin where the request came from
 */
export function requestFields(fields: Iterable<Field>, origin: Origin): Field[] {
  const crossing = endToEnd(fields).filter(([name]) => !OURS.has(name.toLowerCase()));
  const received = new Headers([...fields].filter(([name]) => OURS.has(name.toLowerCase())) as [
    string,
    string,
  ][]);
  return [
    ...crossing,
    ["x-request-id", origin.requestId],
    ["via", appended(received.get("via"), VIA)],
    ["x-forwarded-for", appended(received.get("x-forwarded-for"), origin.client)],
    ["x-forwarded-proto", received.get("x-forwarded-proto") ?? "http"],
    ["x-forwarded-host", received.get("x-forwarded-host") ?? origin.host],
  ];
}

const OURS = new Set([
  "x-request-id",
  "via",
  "x-forwarded-for",
  "x-forwarded-proto",
  "x-forwarded-host",
]);

function appended(before: string | null, value: string): string {
  return before ? `${before}, ${value}` : value;
}

/** `[a, b, c, d]` as `[[a, b], [c, d]]`: the form in which a raw head is delivered. */
export function pairs(raw: readonly string[]): Field[] {
  const fields: Field[] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) fields.push([raw[i] ?? "", raw[i + 1] ?? ""]);
  return fields;
}
