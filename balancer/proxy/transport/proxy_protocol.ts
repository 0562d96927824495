/**
 * The head of the PROXY protocol, versions 1 and 2, in which a proxy in front names the client of a
 * connection (https://www.haproxy.org/download/2.9/doc/proxy-protocol.txt).
 *
 * @module
 */
import ipaddr from "ipaddr.js";

/** Longest head that is accepted, in bytes; the specification requires at least 536. */
export const MAX_PROXY_HEAD = 1024;

/** The content of a head. */
export interface ProxyHead {
  /** IP address of the client; undefined for LOCAL, UNKNOWN and families without IP addresses. */
  readonly source: string | undefined;
  /** Length of the head in bytes. */
  readonly length: number;
}

/** Longest line of version 1 with its line end. */
const MAX_LINE = 107;

const V1 = [..."PROXY "].map((letter) => letter.charCodeAt(0));
const V2 = [13, 10, 13, 10, 0, 13, 10, 81, 85, 73, 84, 10];
const V2_FIXED = 16;

/** Bytes of the addresses by family. */
const ADDRESS_BYTES: Readonly<Record<number, number>> = { 1: 12, 2: 36, 3: 216 };

const PORT = /^(0|[1-9]\d{0,4})$/;

/**
 * Parses a head.
 *
 * @param bytes the first bytes of a connection
 * @returns the head; undefined while it is incomplete; `malformed` if it is invalid
 */
export function parseProxyHead(bytes: Uint8Array): ProxyHead | undefined | "malformed" {
  if (beginsWith(bytes, V2)) return parseV2(bytes);
  if (beginsWith(bytes, V1)) return parseV1(bytes);
  return "malformed";
}

/** Whether the available bytes match a prefix. */
function beginsWith(bytes: Uint8Array, start: readonly number[]): boolean {
  const count = Math.min(bytes.length, start.length);
  for (let at = 0; at < count; at++) if (bytes[at] !== start[at]) return false;
  return true;
}

/** Section 2.1. */
function parseV1(bytes: Uint8Array): ProxyHead | undefined | "malformed" {
  const end = bytes.subarray(0, MAX_LINE).indexOf(10);
  if (end < 0) return bytes.length < MAX_LINE ? undefined : "malformed";
  const line = String.fromCharCode(...bytes.subarray(0, end + 1));
  if (!line.endsWith("\r\n") || /[^ -~]/.test(line.slice(0, -2))) return "malformed";
  const length = end + 1;
  const [, family, ...fields] = line.slice(0, -2).split(" ");
  if (family === "UNKNOWN") return { source: undefined, length };
  const [source = "", target = "", from = "", to = ""] = fields;
  const kind = family === "TCP4" ? ipaddr.IPv4 : family === "TCP6" ? ipaddr.IPv6 : undefined;
  if (!kind || fields.length !== 4 || ![from, to].every(isPort)) return "malformed";
  const valid = [source, target].every((one) =>
    kind === ipaddr.IPv4 ? ipaddr.IPv4.isValidFourPartDecimal(one) : ipaddr.IPv6.isValid(one)
  );
  return valid ? { source: textOf(ipaddr.parse(source)), length } : "malformed";
}

function isPort(text: string): boolean {
  return PORT.test(text) && Number(text) <= 65_535;
}

/** Section 2.2. */
function parseV2(bytes: Uint8Array): ProxyHead | undefined | "malformed" {
  if (bytes.length > 12 && bytes[12]! >> 4 !== 2) return "malformed";
  if (bytes.length < V2_FIXED) return undefined;
  const [command, family, transport] = [bytes[12]! & 15, bytes[13]! >> 4, bytes[13]! & 15];
  if (command > 1 || family > 3 || transport > 2) return "malformed";
  const size = bytes[14]! << 8 | bytes[15]!;
  const length = V2_FIXED + size;
  if (length > MAX_PROXY_HEAD) return "malformed";
  if (bytes.length < length) return undefined;
  // LOCAL is the proxy itself, a health check: its addresses are to be ignored.
  if (command === 0) return { source: undefined, length };
  const addresses = ADDRESS_BYTES[family] ?? 0;
  const body = bytes.subarray(V2_FIXED, length);
  if (size < addresses || !areVectors(body.subarray(addresses))) return "malformed";
  const addressBytes = family === 1 ? 4 : family === 2 ? 16 : 0;
  if (addressBytes === 0) return { source: undefined, length };
  return { source: textOf(ipaddr.fromByteArray([...body.subarray(0, addressBytes)])), length };
}

/** Section 2.2.1: type, two bytes of length, value. The values are not used. */
function areVectors(bytes: Uint8Array): boolean {
  let at = 0;
  while (at < bytes.length) {
    if (at + 3 > bytes.length) return false;
    at += 3 + (bytes[at + 1]! << 8 | bytes[at + 2]!);
  }
  return at === bytes.length;
}

/** An IPv4-mapped IPv6 address is written as IPv4. */
function textOf(address: ipaddr.IPv4 | ipaddr.IPv6): string {
  return ipaddr.process(address.toString()).toString();
}
