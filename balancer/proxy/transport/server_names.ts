/**
 * The names that a certificate is valid for, read from its DER.
 *
 * The runtime's TLS leaves this check to its caller, and `node:crypto` here compares the common name,
 * too, and no wildcards. A text of all names is no base for the check: a comma inside a name would
 * look like the next name.
 *
 * @module
 */
import ipaddr from "ipaddr.js";

/** One element of DER: its tag, and the bounds of its content (X.690, section 8.1). */
interface Element {
  readonly tag: number;
  readonly start: number;
  readonly end: number;
}

/** Most bytes of a length; a certificate is far below 16 MiB. */
const MOST_LENGTH_BYTES = 3;

/** Bit of a length's first byte: the length itself follows. */
const LONG_LENGTH = 0x80;

const OCTET_STRING = 0x04;

/** Context tags (RFC 5280, sections 4.1 and 4.2.1.6). */
const EXTENSIONS = 0xa3;
const DNS_NAME = 0x82;
const IP_ADDRESS = 0x87;

/** Object identifier of subjectAltName, 2.5.29.17. */
const ALTERNATIVE_NAMES = "\x55\x1d\x11";

/**
 * Whether a certificate is valid for a host: by its DNS names, of which the first label may be a
 * wildcard, or by its IP addresses (RFC 9525, section 6). The common name does not count.
 *
 * @param certificate the certificate in DER
 * @param host a host name or an IP address
 * @throws {RangeError} the certificate is malformed
 */
export function coversHost(certificate: Uint8Array, host: string): boolean {
  const names = [...alternativeNames(certificate)];
  const content = (one: Element) => textOf(certificate, one);
  if (ipaddr.isValid(host)) {
    const wanted = String.fromCharCode(...ipaddr.parse(host).toByteArray());
    return names.some((one) => one.tag === IP_ADDRESS && content(one) === wanted);
  }
  const wanted = normal(host);
  const wildcard = wildcardOf(wanted);
  return names.some((one) => {
    if (one.tag !== DNS_NAME) return false;
    const name = normal(content(one));
    return name === wanted || name === wildcard;
  });
}

/** One character for each byte. */
function textOf(der: Uint8Array, { start, end }: Element): string {
  return String.fromCharCode(...der.subarray(start, end));
}

function normal(name: string): string {
  return name.toLowerCase().replace(/\.$/, "");
}

/** The wildcard that covers a name: one label, above a domain of at least two. */
function wildcardOf(name: string): string | undefined {
  const [, ...domain] = name.split(".");
  return domain.length >= 2 ? `*.${domain.join(".")}` : undefined;
}

function* alternativeNames(der: Uint8Array): Iterable<Element> {
  const certificate = elementAt(der, 0, der.length);
  for (const field of elementsOf(der, elementAt(der, certificate.start, certificate.end))) {
    if (field.tag !== EXTENSIONS) continue;
    for (const extension of elementsOf(der, elementAt(der, field.start, field.end))) {
      const [id, ...rest] = elementsOf(der, extension);
      const value = rest.at(-1);
      if (!id || textOf(der, id) !== ALTERNATIVE_NAMES) continue;
      if (value?.tag !== OCTET_STRING) throw malformed();
      yield* elementsOf(der, elementAt(der, value.start, value.end));
    }
  }
}

function* elementsOf(der: Uint8Array, { start, end }: Element): Iterable<Element> {
  for (let at = start; at < end;) {
    const element = elementAt(der, at, end);
    yield element;
    at = element.end;
  }
}

function elementAt(der: Uint8Array, at: number, limit: number): Element {
  const tag = der[at] ?? NaN;
  const first = der[at + 1] ?? NaN;
  const bytes = first < LONG_LENGTH ? 0 : first - LONG_LENGTH;
  const start = at + 2 + bytes;
  let length = bytes === 0 ? first : 0;
  for (let i = at + 2; i < start; i++) length = length * 256 + (der[i] ?? NaN);
  const end = start + length;
  if (bytes > MOST_LENGTH_BYTES || !(end <= limit)) throw malformed();
  return { tag, start, end };
}

function malformed(): RangeError {
  return new RangeError("the certificate is malformed");
}
