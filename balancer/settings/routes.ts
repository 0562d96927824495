/**
 * Routes: which requests have rules of their own. Pure.
 *
 * @module
 */
import { similarName } from "./unknown_names.ts";
import type { Setting } from "./setting.ts";
import { type SettingName, SETTINGS, type Settings } from "./settings.ts";
import type { KeySource } from "./values.ts";

/** The rules of a route; a rule that is not given is that of the service. */
export interface GivenRules {
  readonly key?: KeySource;
  readonly responseMs?: number;
  readonly streamIdleMs?: number;
  readonly bodyBytes?: number;
  readonly retries?: boolean;
  readonly hold?: Settings["LB_HOLD"];
  readonly holdMs?: number;
}

/** The requests of a route, and their rules. */
export interface RouteConfig {
  /** Path prefix of whole segments without a slash at its end; empty for every path. */
  readonly path: string;
  /** Host in lower case, `*.example.com` for a name one level below; empty for every host. */
  readonly host: string;
  readonly rules: GivenRules;
}

/** The setting whose schema checks each rule of a route; LB_VIA stands for any flag. */
export const ROUTE_RULES = {
  key: "LB_KEY",
  responseMs: "LB_RESPONSE_TIMEOUT_MS",
  streamIdleMs: "LB_STREAM_IDLE_MS",
  bodyBytes: "LB_MAX_BODY_BYTES",
  retries: "LB_VIA",
  hold: "LB_HOLD",
  holdMs: "LB_HOLD_MS",
} as const satisfies Record<keyof GivenRules, SettingName>;

/** Names of a route's fields. */
const ROUTE_FIELDS: readonly string[] = ["path", "host", ...Object.keys(ROUTE_RULES)];

/** Most routes: each request is compared with all of them. */
export const MOST_ROUTES = 256;

/** The form of a path prefix, as the end of a sentence. */
export const PATH_RULE = "must be / and segments of a path, such as /api/v1, without query, //, " +
  "/./ and /../";

/** The form of a host, as the end of a sentence. */
export const HOST_RULE =
  "must be a host name without a port, or *. and a host name for the names " +
  "one level below it";

const SEGMENTS = /^(?:\/(?!\.{1,2}(?:\/|$))[!$&-.0-;=@-Z_a-z~%]+)*\/?$/;
const LABEL = "[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?";
const HOST = new RegExp(`^(?:\\*\\.)?${LABEL}(?:\\.${LABEL})*$|^\\[[0-9a-f:.]+\\]$`);

/** A path prefix without a slash at its end; undefined for text of another form. */
export function pathPrefix(text: string): string | undefined {
  return text.startsWith("/") && SEGMENTS.test(text) ? text.replace(/\/$/, "") : undefined;
}

/** A host in lower case; undefined for text of another form. */
export function routeHost(text: string): string | undefined {
  const host = text.toLowerCase();
  return HOST.test(host) ? host : undefined;
}

/**
 * Parses a rule of a route by the schema of its setting.
 *
 * @returns the value, or the form that it must have
 */
export function parseRule(
  field: keyof GivenRules,
  text: string,
): { readonly value: unknown } | { readonly expects: string } {
  const setting: Setting<unknown> = SETTINGS[ROUTE_RULES[field]];
  const parsed = setting.schema.safeParse(text);
  return parsed.success ? { value: parsed.data } : { expects: setting.expects };
}

/** Advice about an unknown field of a route. */
export function fieldAdvice(key: string): string {
  const similar = similarName(key, ROUTE_FIELDS);
  return similar === undefined
    ? `no name of this place; the names are ${ROUTE_FIELDS.join(", ")}`
    : `no name of this place; did you mean ${similar}?`;
}

/**
 * Sorts routes: an exact host before a wildcard before none, then the longer path first. The order
 * in the file means nothing.
 */
export function sortedRoutes<R extends Pick<RouteConfig, "path" | "host">>(
  routes: readonly R[],
): R[] {
  return [...routes].sort((a, b) =>
    rank(b) - rank(a) || b.host.length - a.host.length || b.path.length - a.path.length
  );
}

function rank({ host }: Pick<RouteConfig, "host">): number {
  return host === "" ? 0 : host.startsWith("*") ? 1 : 2;
}

/** The requests of a route, for messages. */
export function routeText({ path, host }: Pick<RouteConfig, "path" | "host">): string {
  return `${host}${path === "" ? "/" : path}`;
}

/**
 * Why no request can reach a route; undefined if one can.
 *
 * @param route the route
 * @param settings the settings in force
 */
export function unreachable(
  { path }: RouteConfig,
  { LB_PUBLIC_API, LB_MAX_REQUEST_LINE_BYTES }: Settings,
): string | undefined {
  if (LB_PUBLIC_API === "all" && /^\/_lb(\/|$)/.test(path)) {
    return "LB_PUBLIC_API=all: the balancer itself answers every request for /_lb";
  }
  const longest = LB_MAX_REQUEST_LINE_BYTES - "GET  HTTP/1.1".length;
  if (path.length <= longest) return undefined;
  return `LB_MAX_REQUEST_LINE_BYTES=${LB_MAX_REQUEST_LINE_BYTES}: a request line with this path ` +
    "is refused";
}
