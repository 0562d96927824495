/**
 * The address of the client behind trusted proxies. Each proxy appends the address of its own peer,
 * so a list is read from its end: the client is the last address that is not a trusted proxy.
 *
 * @module
 */
import ipaddr from "ipaddr.js";
import { X_FORWARDED_FOR } from "../http1/field_kind.ts";
import type { RequestHead } from "../http1/request_head.ts";
import { latin1 } from "../http1/latin1.ts";
import type { TrustedProxies } from "./trusted_proxies.ts";

/**
 * Returns the client's address from a list of addresses.
 *
 * A value that is not an address (`unknown`, an obfuscated identifier of RFC 7239, section 6.3,
 * garbage) ends the search: no earlier entry can be trusted, and the address after the value
 * counts.
 *
 * @param peer address of the connection
 * @param list comma-separated addresses, the nearest client last; IPv6 with or without brackets,
 *   either family with or without a port
 * @param trusted proxies whose entries are believed
 */
export function clientAddress(peer: string, list: string | null, trusted: TrustedProxies): string {
  if (list === null || !trusted.has(peer)) return peer;
  let address = peer;
  const hops = list.split(",");
  while (hops.length > 0 && trusted.has(address)) {
    const hop = addressOf(hops.pop()!);
    if (hop === undefined) break;
    address = hop;
  }
  return address;
}

/**
 * Returns the client's address from the fields of a trusted proxy's request: X-Forwarded-For, or
 * Forwarded (RFC 7239) if there is no X-Forwarded-For.
 *
 * @param peer address of the connection
 * @param bytes buffer that holds the head
 * @param head the request's head
 * @param trusted proxies whose entries are believed
 */
export function clientOf(
  peer: string,
  bytes: Uint8Array,
  head: RequestHead,
  trusted: TrustedProxies,
): string {
  const list = forwardedFor(bytes, head) ?? forwarded(bytes, head);
  return clientAddress(peer, list ?? null, trusted);
}

/** Several field lines form one list (RFC 9110, section 5.3). */
function forwardedFor(bytes: Uint8Array, { fields }: RequestHead): string | undefined {
  let list: string | undefined;
  for (let i = 0; i < fields.count; i++) {
    if (fields.kind(i) !== X_FORWARDED_FOR) continue;
    const value = latin1(bytes, fields.valueStart(i), fields.valueEnd(i));
    list = list === undefined ? value : `${list},${value}`;
  }
  return list;
}

const FORWARDED = "forwarded";

/** The `for` parameter of each element; an element without one is an unknown hop. */
function forwarded(bytes: Uint8Array, { fields }: RequestHead): string | undefined {
  const values: string[] = [];
  for (let i = 0; i < fields.count; i++) {
    const start = fields.lineStart(i);
    const end = fields.nameEnd(i);
    if (end - start !== FORWARDED.length) continue;
    if (latin1(bytes, start, end).toLowerCase() !== FORWARDED) continue;
    values.push(latin1(bytes, fields.valueStart(i), fields.valueEnd(i)));
  }
  if (values.length === 0) return undefined;
  const elements = values.join(",").split(",");
  return elements.map((one) => /(?:^|;)\s*for\s*=\s*("[^"]*"|[^;"]*)/i.exec(one)?.[1] ?? "").join();
}

const V4_WITH_PORT = /^(\d{1,3}(?:\.\d{1,3}){3})(?::\d{1,5})?$/;
const V6_IN_BRACKETS = /^\[([0-9A-Fa-f:.]+)\](?::\d{1,5})?$/;

/** One address in its usual text form; undefined if the text is not an address. */
function addressOf(text: string): string | undefined {
  const bare = text.trim().replace(/^"(.*)"$/, "$1");
  const address = V4_WITH_PORT.exec(bare)?.[1] ?? V6_IN_BRACKETS.exec(bare)?.[1] ??
    (bare.includes(":") ? bare : "");
  return ipaddr.isValid(address) ? ipaddr.process(address).toString() : undefined;
}
