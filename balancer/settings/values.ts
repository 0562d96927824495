/**
 * Parsers of setting values. Each returns `undefined` for invalid text; the setting itself states
 * the expected form.
 *
 * @module
 */
import ipaddr from "ipaddr.js";
import { parseAddress } from "../upstream_list.ts";
import type { Address } from "../view.ts";

/** The source of a request's key. */
export type KeySource =
  | { readonly from: "request-id" | "path" | "client" }
  | { readonly from: "affinity" }
  | { readonly from: "header" | "cookie" | "query"; readonly name: string };

/** A whole number in decimal digits within bounds, both included. */
export function parseWhole(text: string, min: number, max: number): number | undefined {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : NaN;
  return value >= min && value <= max ? value : undefined;
}

/** 0 for none, or a bound on loads: a decimal number above 1 by enough to leave room. */
export function parseLoadBound(text: string): number | undefined {
  const value = /^\d{1,3}(\.\d{1,6})?$/.test(text) ? Number(text) : NaN;
  return value === 0 || (value >= 1.01 && value <= 100) ? value : undefined;
}

/** A decimal number from 0 to 1. */
export function parseShare(text: string): number | undefined {
  const value = /^\d(\.\d{1,6})?$/.test(text) ? Number(text) : NaN;
  return value <= 1 ? value : undefined;
}

/** `true`, `1`, `false` or `0`. */
export function parseFlag(text: string): boolean | undefined {
  return { true: true, 1: true, false: false, 0: false }[text];
}

/** A constraint of a placement (`docker service create --constraint`). */
const CONSTRAINT = /^(?:node|engine)\.[A-Za-z0-9_.-]+ ?(?:==|!=) ?[A-Za-z0-9_.:\/+-]+$/;

/** Constraints of placements, separated by commas. */
export function parseConstraints(text: string): readonly string[] | undefined {
  const constraints = text.split(",").map((one) => one.trim()).filter((one) => one !== "");
  return constraints.every((one) => CONSTRAINT.test(one)) ? constraints : undefined;
}

/** A listen address besides the public port: an address, or a socket file. */
export type Entrance = Address | { readonly path: string };

/** A store that several balancers share: a folder, or the swarm of the Docker Engine. */
type StoreLocation = { readonly folder: string } | "swarm";

/** `file:/path` or `swarm`. Empty text is null: no store. */
export function parseStore(text: string): StoreLocation | null | undefined {
  if (text === "") return null;
  if (text === "swarm") return text;
  const [, folder] = /^file:(\/[^\0]*)$/.exec(text) ?? [];
  return folder === undefined ? undefined : { folder };
}

/** `host:port`, port 0 for a free one, or `unix:/path`. Empty text is null: no entrance. */
export function parseEntrance(text: string): Entrance | null | undefined {
  if (text === "") return null;
  if (!text.startsWith("unix:")) return parseAddress(text, 0);
  const path = text.slice("unix:".length);
  return path === "" || path.includes("\0") ? undefined : { path };
}

/** `auto`, `off` or `host:port`, port 0 for a free one. */
export function parsePeers(text: string): "auto" | "off" | Address | undefined {
  return text === "auto" || text === "off" ? text : parseAddress(text, 0);
}

const PLAIN_SOURCES = ["request-id", "path", "client", "affinity"] as const;

/** `request-id`, `path`, `client`, `affinity`, `header:NAME`, `cookie:NAME` or `query:NAME`. */
export function parseKeySource(text: string): KeySource | undefined {
  const plain = PLAIN_SOURCES.find((source) => source === text);
  if (plain !== undefined) return { from: plain };
  const match = /^(header|cookie|query):([!#$%&'*+.^_`|~0-9A-Za-z-]+)$/.exec(text);
  const [, from, name] = match ?? [];
  if (name === undefined) return undefined;
  return { from: from as "header" | "cookie" | "query", name };
}

/** Networks in CIDR notation, parted by commas. Empty text is an empty list. */
export function parseNetworks(text: string): readonly string[] | undefined {
  const networks = text.split(",").map((part) => part.trim()).filter((part) => part !== "");
  return networks.every((network) => ipaddr.isValidCIDR(network)) ? networks : undefined;
}

/** Host names without a port, parted by commas, in lower case. Empty text is an empty list. */
export function parseHostNames(text: string): readonly string[] | undefined {
  const names = text.split(",").map((part) => part.trim().toLowerCase()).filter((part) => part);
  return names.every((name) => /^[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?$/.test(name))
    ? names
    : undefined;
}

/** Fields that belong to the connection, or to a body, which health checks do not have. */
const OWN_FIELDS = /^(host|connection|keep-alive|te|upgrade|transfer-encoding|content-length)$/i;

/** A JSON object from header field names to values (RFC 9110, section 5). */
export function parseHeaders(text: string): Readonly<Record<string, string>> | undefined {
  const value = parseJson(text);
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const wellFormed = Object.entries(value).every(([name, item]) =>
    /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name) && !OWN_FIELDS.test(name) &&
    typeof item === "string" && /^([!-~]([ \t!-~]*[!-~])?)?$/.test(item)
  );
  return wellFormed ? value as Record<string, string> : undefined;
}

/** A JSON object whose values are strings. */
export function parseEnvironment(text: string): Readonly<Record<string, string>> | undefined {
  const value = parseJson(text);
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const wellFormed = Object.entries(value).every(([name, item]) =>
    /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && typeof item === "string"
  );
  return wellFormed ? value as Record<string, string> : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON: the caller's message states the expected form and shows the text.
    return undefined;
  }
}

/** A user of the system and the user's group. */
export interface User {
  readonly uid: number;
  readonly gid: number;
}

/** `uid:gid` in numbers. Empty text is null: no user is named. */
export function parseUser(text: string): User | null | undefined {
  if (text === "") return null;
  const [match, uid, gid] = /^(\d{1,10}):(\d{1,10})$/.exec(text) ?? [];
  const numbers = { uid: Number(uid), gid: Number(gid) };
  const inRange = Math.max(numbers.uid, numbers.gid) < 2 ** 32 - 1;
  return match !== undefined && inRange ? numbers : undefined;
}

/** The files of certificates: a folder of pairs, or the pairs. */
export type CertificateFiles =
  | { readonly folder: string }
  | { readonly pairs: readonly { readonly cert: string; readonly key: string }[] };

/** A folder, or pairs `CERTIFICATE:KEY` separated by commas. Empty text is null: none. */
export function parseCertificateFiles(text: string): CertificateFiles | null | undefined {
  if (text === "") return null;
  if (text.includes("\0")) return undefined;
  if (!text.includes(":") && !text.includes(",")) return { folder: text.replace(/(?<=.)\/+$/, "") };
  const pairs = text.split(",").map((pair) => {
    const [cert = "", key = "", more] = pair.trim().split(":");
    return more === undefined && cert !== "" && key !== "" ? { cert, key } : undefined;
  });
  const all = pairs.filter((pair) => pair !== undefined);
  return all.length === pairs.length ? { pairs: all } : undefined;
}

/** A port, 0 for a free one. Empty text is null: none. */
export function parseTlsPort(text: string): number | null | undefined {
  return text === "" ? null : parseWhole(text, 0, 65535);
}

/** A flag, or the port of the redirect's target. */
export function parseRedirect(text: string): boolean | number | undefined {
  return { true: true, false: false }[text] ?? parseWhole(text, 1, 65535);
}

/** Let's Encrypt's directories, which have names. */
const ACME_DIRECTORIES: Readonly<Record<string, string>> = {
  "letsencrypt": "https://acme-v02.api.letsencrypt.org/directory",
  "letsencrypt-staging": "https://acme-staging-v02.api.letsencrypt.org/directory",
};

/** The URL of an ACME directory, or a known name of one. Empty text is null: none. */
export function parseAcmeDirectory(text: string): string | null | undefined {
  if (text === "") return null;
  const known = Object.hasOwn(ACME_DIRECTORIES, text) ? ACME_DIRECTORIES[text] : undefined;
  if (known !== undefined) return known;
  const url = URL.parse(text);
  return url?.protocol === "https:" && url.username === "" && url.hash === ""
    ? url.href
    : undefined;
}

/** Most hosts with certificates by ACME. */
const MOST_TLS_HOSTS = 100;

/**
 * Names separated by commas, in lower case and without duplicates. Wildcards and addresses pass:
 * they are refused later, with the reason.
 */
export function parseTlsHosts(text: string): readonly string[] | undefined {
  const names = text.split(",").map((part) => part.trim().toLowerCase()).filter((part) => part);
  const valid = names.every((name) => isAddress(name) || isHostName(name.replace(/^\*\./, "")));
  return valid && names.length <= MOST_TLS_HOSTS ? [...new Set(names)] : undefined;
}

/** An IP address, perhaps in the brackets of a URL. */
export function isAddress(name: string): boolean {
  return ipaddr.isValid(name.replace(/^\[(.*)\]$/, "$1"));
}

/** RFC 1123, section 2.1; 230 characters leave room for the ending of a file's name. */
function isHostName(name: string): boolean {
  return name.length <= 230 &&
    /^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(name);
}
