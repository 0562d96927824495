/**
 * Upstreams that the balancer does not run, as settings and calls of the API name them.
 *
 * @module
 */
import ipaddr from "ipaddr.js";
import { type Address, addressText, placeText, type UpstreamAddress } from "./view.ts";

/** An upstream of engine static. */
export interface GivenUpstream {
  /** The upstream's identity: the given name, or the text of its address without a protocol. */
  readonly name: string;
  readonly address: UpstreamAddress;
  /** The upstream's weight; 0 for no slots. */
  readonly weight: number;
}

/** The largest weight of a replica. */
export const MAX_WEIGHT = 1000;

/** Longest path of a Unix socket in bytes: `sun_path` without its final NUL. */
const LONGEST_SOCKET_PATH = 107;

const GIVEN_NAME = "[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9_])?";
const HOST_PORT = "(?:\\[[0-9A-Fa-f:.]+\\]|[A-Za-z0-9_.-]+):[0-9]{1,5}";
const SOCKET = `unix:/[A-Za-z0-9_./@+~:-]{1,${LONGEST_SOCKET_PATH - 1}}`;

/** The rule of a given name, as the end of a sentence. */
export const GIVEN_NAME_RULE = "must be 1 to 63 letters, digits, _, . or -, beginning with a " +
  "letter or a digit and ending with one or with _";

/** The form of an upstream's address, as the end of a sentence. */
export const ADDRESS_RULE =
  "must be host:port or http://host:port with a port from 1 to 65535, https://host:port for " +
  `TLS, or unix:/path with at most ${LONGEST_SOCKET_PATH} bytes of path and without TLS`;

/** The name of a replica of any engine: a given name, or the text of an address. */
export const REPLICA_NAME_PATTERN: RegExp = new RegExp(
  `^(?:${GIVEN_NAME}|${HOST_PORT}|${SOCKET})$`,
);

const GIVEN_NAME_PATTERN = new RegExp(`^${GIVEN_NAME}$`);
const ENTRY = new RegExp(`^(?:([^=:/\\[]*)=)?([^*]*)(?:\\*(\\d{1,4}(?:\\.\\d{1,6})?))?$`);

/** Whether a text is a valid name of an upstream. */
export function isGivenName(text: string): boolean {
  return GIVEN_NAME_PATTERN.test(text);
}

/**
 * Parses `host:port`. Host names become lower case and IPv6 addresses their shortest form, so that
 * one address has one text.
 *
 * @param text the address; IPv6 hosts stand in brackets
 * @param minPort the lowest port
 */
export function parseAddress(text: string, minPort = 1): Address | undefined {
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9_.-]+)):(\d{1,5})$/.exec(text.trim());
  const [, v6, name, digits] = match ?? [];
  const port = Number(digits);
  if (!(port >= minPort && port <= 65535)) return undefined;
  if (v6 === undefined) return name && { hostname: name.toLowerCase(), port } || undefined;
  return ipaddr.IPv6.isValid(v6) ? { hostname: ipaddr.IPv6.parse(v6).toString(), port } : undefined;
}

/** Origin of a URL, with or without the slash that pasted ones end in. */
const ORIGIN = /^(https?):\/\/(.+?)\/?$/i;

/**
 * Parses `host:port`, an origin such as `http://host:port` or `https://host`, or `unix:/path`. The
 * default ports of origins are 80 and 443.
 */
export function parseUpstreamAddress(text: string): UpstreamAddress | undefined {
  const [, scheme, authority] = ORIGIN.exec(text) ?? [];
  if (scheme !== undefined && authority !== undefined) {
    const tls = scheme.toLowerCase() === "https";
    const address = parseAddress(authority) ?? parseAddress(`${authority}:${tls ? 443 : 80}`);
    return tls && address ? { ...address, tls } : address;
  }
  if (!text.startsWith("unix:/")) return parseAddress(text);
  return new RegExp(`^${SOCKET}$`).test(text) ? { path: text.slice("unix:".length) } : undefined;
}

/**
 * Parses `name=address*weight,...`; name and weight are optional. Duplicate names are allowed here,
 * see {@linkcode firstDuplicate}. Empty text is an empty list.
 */
export function parseUpstreams(text: string): readonly GivenUpstream[] | undefined {
  const upstreams = text.split(",").map((part) => part.trim()).filter((part) => part !== "")
    .map(parseUpstream);
  return upstreams.every((one) => one !== undefined) ? upstreams : undefined;
}

function parseUpstream(text: string): GivenUpstream | undefined {
  const [, name, addressPart = "", weightPart = "1"] = ENTRY.exec(text) ?? [];
  const address = parseUpstreamAddress(addressPart);
  const weight = Number(weightPart);
  if (!address || weight > MAX_WEIGHT) return undefined;
  if (name === undefined) return { name: placeText(address), address, weight };
  return isGivenName(name) ? { name, address, weight } : undefined;
}

/** Returns the text that {@linkcode parseUpstreams} reads. */
export function upstreamsText(upstreams: readonly GivenUpstream[]): string {
  return upstreams.map(({ name, address, weight }) => {
    const given = name === placeText(address) ? "" : `${name}=`;
    return given + addressText(address) + (weight === 1 ? "" : `*${weight}`);
  }).join(",");
}

/** Returns the first name that occurs twice; undefined if all names differ. */
export function firstDuplicate(upstreams: readonly GivenUpstream[]): string | undefined {
  const names = new Set<string>();
  for (const { name } of upstreams) {
    if (names.has(name)) return name;
    names.add(name);
  }
  return undefined;
}

/** Whether two lists have the same upstreams, in any order. */
export function sameUpstreams(
  a: readonly GivenUpstream[],
  b: readonly GivenUpstream[],
): boolean {
  const texts = (list: readonly GivenUpstream[]) =>
    list.map(({ name, address, weight }) => `${name}=${addressText(address)}*${weight}`).sort();
  return texts(a).join() === texts(b).join();
}

/**
 * Returns the first Unix socket that this process may not connect to: Deno requires read and write
 * permission for its path.
 *
 * @returns a sentence for the operator; undefined if all sockets may be used
 */
export function deniedSocket(upstreams: readonly GivenUpstream[]): string | undefined {
  for (const { address } of upstreams) {
    if (!("path" in address)) continue;
    const { path } = address;
    const granted = (["read", "write"] as const).every((name) =>
      Deno.permissions.querySync({ name, path }).state === "granted"
    );
    if (granted) continue;
    return `the balancer may not connect to unix:${path}; start it with --allow-read=${path} and ` +
      `--allow-write=${path}, or use a folder that it may use (docs/decisions/0032)`;
  }
  return undefined;
}
