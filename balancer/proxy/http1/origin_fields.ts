/**
 * The fields in which proxies name a request's origin and original target. A server behind a proxy
 * believes them, so they are dropped when a client that is not a trusted proxy sends them.
 *
 * @module
 */

import { ascii } from "./writer.ts";

/**
 * In lower case. All other names that begin with `x-forwarded-` count, too. `Proxy` names no
 * origin; CGI turns it into HTTP_PROXY, which programs take for their own setting (httpoxy,
 * CVE-2016-5385).
 */
export const ORIGIN_NAMES = [
  // RFC 7239, and its predecessors.
  "forwarded",
  "forwarded-for",
  "x-forwarded",
  "x-real-ip",
  "x-real-port",
  "x-client-ip",
  "x-cluster-client-ip",
  "x-proxyuser-ip",
  "x-remote-addr",
  "x-remote-ip",
  "x-originating-ip",
  "client-ip",
  "proxy-client-ip",
  "wl-proxy-client-ip",
  "proxy",
  // Scheme and target of the original request.
  "front-end-https",
  "x-scheme",
  "x-url-scheme",
  "x-original-forwarded-for",
  "x-original-host",
  "x-original-proto",
  "x-original-uri",
  "x-original-url",
  "x-rewrite-url",
  // Certificates of clients; the first two are those of RFC 9440.
  "client-cert",
  "client-cert-chain",
  "x-client-cert-fingerprint",
  "x-client-cert-subject",
  // Content delivery networks and platforms.
  "ali-cdn-real-ip",
  "cdn-src-ip",
  "cf-connecting-ip",
  "cf-connecting-ipv6",
  "cf-pseudo-ipv4",
  "cloudfront-viewer-address",
  "do-connecting-ip",
  "fastly-client-ip",
  "fly-client-ip",
  "incap-client-ip",
  "true-client-ip",
  "x-appengine-remote-addr",
  "x-appengine-user-ip",
  "x-azure-clientip",
  "x-azure-socketip",
  "x-envoy-external-address",
  "x-envoy-internal",
  "x-nf-client-connection-ip",
  "x-vercel-forwarded-for",
  "x-vercel-ip",
] as const;

const PREFIX = ascii("x-forwarded-");

const BY_LENGTH: readonly (readonly Uint8Array[])[] = byLength();

function byLength(): Uint8Array[][] {
  const names: Uint8Array[][] = [];
  for (const name of ORIGIN_NAMES) (names[name.length] ??= []).push(ascii(name));
  for (let length = 0; length < names.length; length++) names[length] ??= [];
  return names;
}

/**
 * Whether a field names a request's origin.
 *
 * @param bytes buffer that holds its name, of letters, digits and hyphens
 * @param start index of the first byte of the name
 * @param end index after its last byte
 */
export function isOriginName(bytes: Uint8Array, start: number, end: number): boolean {
  const length = end - start;
  if (length > PREFIX.length && begins(bytes, start, PREFIX)) return true;
  if (length >= BY_LENGTH.length) return false;
  const names = BY_LENGTH[length]!;
  for (let i = 0; i < names.length; i++) if (begins(bytes, start, names[i]!)) return true;
  return false;
}

/** Case folds by setting one bit, as in `field_kind.ts`. */
function begins(bytes: Uint8Array, start: number, word: Uint8Array): boolean {
  for (let at = 0; at < word.length; at++) {
    if ((bytes[start + at]! | 0x20) !== word[at]) return false;
  }
  return true;
}
