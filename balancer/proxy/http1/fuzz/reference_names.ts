/**
 * A plain second implementation of field names: the known ones, and the names that fold onto them.
 *
 * @module
 */

/** A character of a token. */
export const TOKEN = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]";
/** A character of a field's value. */
export const TEXT = "[\\t\\x20-\\x7e\\x80-\\xff]";

/** Names that stop at every proxy, in lower case. */
export const HOP_BY_HOP = [
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "transfer-encoding",
  "upgrade",
  "http2-settings",
];
/** Names that Connection must not name. */
export const PROTECTED = [
  "host",
  "content-length",
  "transfer-encoding",
  "expect",
  "via",
  "x-forwarded-for",
  "x-forwarded-proto",
  "x-forwarded-host",
  "x-forwarded-port",
  "x-request-id",
  "cookie",
  "max-forwards",
];
/** Known names of the proxy. */
const KNOWN = [...HOP_BY_HOP, ...PROTECTED, "trailer"];

/** Other names of origin fields. */
const ORIGIN = new RegExp(
  "^(?:" + [
    "forwarded(-for)?",
    "x-forwarded(-.+)?",
    "(fastly-|fly-|incap-|true-|x-|x-cluster-|wl-proxy-|proxy-)?client-ip",
    "proxy",
    "(x|ali-cdn)-real-ip",
    "x-real-port",
    "x-(proxyuser|remote|originating|vercel)-ip",
    "x-(appengine-)?remote-addr",
    "x-appengine-user-ip",
    "x-azure-(client|socket)ip",
    "x-envoy-(external-address|internal)",
    "x-nf-client-connection-ip",
    "x-(original|vercel)-forwarded-for",
    "x-original-(host|proto|uri|url)",
    "x-rewrite-url",
    "x-(url-)?scheme",
    "front-end-https",
    "cdn-src-ip",
    "cf-connecting-ip(v6)?",
    "cf-pseudo-ipv4",
    "cloudfront-viewer-address",
    "do-connecting-ip",
  ].join("|") + ")$",
);

/**
 * Returns the name that a gateway may turn a field's name into.
 *
 * @param name name in lower case
 */
export function folded(name: string): string {
  return name.replaceAll(/[^0-9a-z]/g, "-");
}

/**
 * Whether a field is an origin field without another known meaning.
 *
 * @param name name in lower case
 */
export function isReferenceOrigin(name: string): boolean {
  return ORIGIN.test(name) && !KNOWN.includes(name);
}

/**
 * Whether a gateway may fold a field's name onto a known one.
 *
 * @param name name in lower case
 */
export function isReferenceFold(name: string): boolean {
  const other = folded(name);
  return name !== other && (KNOWN.includes(other) || other === "date" || ORIGIN.test(other));
}

/**
 * Whether a name is known to the proxy, or is that of an origin field.
 *
 * @param name name in lower case
 */
export function isKnown(name: string): boolean {
  return KNOWN.includes(name) || ORIGIN.test(name);
}
