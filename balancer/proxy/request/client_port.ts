/**
 * The port that a client connected to, for the fields of forwarded requests and responses.
 *
 * @module
 */
import { ascii } from "../http1/writer.ts";

/** The proxy's name (RFC 9110, section 7.6.3). */
const VIA_LINE = "Via: 1.1 ringkeeper\r\n";
const VIA_2_LINE = "Via: 2.0 ringkeeper\r\n";

/** One port, shared by all its clients. */
export interface ClientPort {
  /** Whether it speaks TLS. */
  readonly secure: boolean;
  /** Its protocol in `X-Forwarded-Proto`: `http` or `https`. */
  readonly proto: Uint8Array;
  /** Its number in `X-Forwarded-Port`. */
  readonly digits: Uint8Array;
  /** Field lines that every request gets, each with its end. */
  readonly requestFields: Uint8Array;
  /** The same for requests by HTTP/2. */
  readonly http2Fields: Uint8Array;
  /** Field lines that every response gets, each with its end. */
  readonly fields: Uint8Array;
  /** Field lines that the balancer's own answers get, without ends. */
  readonly ownFields: readonly string[];
}

/**
 * Describes the port that speaks HTTP without TLS.
 *
 * @param port its number
 * @param via whether responses name the proxy
 */
export function plainPort(port: number, via: boolean): ClientPort {
  return {
    secure: false,
    proto: ascii("http"),
    digits: ascii(String(port)),
    requestFields: ascii(via ? VIA_LINE : ""),
    http2Fields: ascii(via ? VIA_2_LINE : ""),
    fields: ascii(via ? VIA_LINE : ""),
    ownFields: [],
  };
}

/**
 * Describes the port that speaks TLS.
 *
 * @param port its number
 * @param via whether responses name the proxy
 * @param hsts value of Strict-Transport-Security (RFC 6797); empty for no such field. It stands
 *   behind that of a replica, and clients heed the first
 */
export function securePort(port: number, via: boolean, hsts: string): ClientPort {
  const own = hsts === "" ? [] : [`Strict-Transport-Security: ${hsts}`];
  const lines = own.map((line) => `${line}\r\n`).join("");
  return {
    secure: true,
    proto: ascii("https"),
    digits: ascii(String(port)),
    requestFields: ascii(via ? VIA_LINE : ""),
    http2Fields: ascii(via ? VIA_2_LINE : ""),
    fields: ascii((via ? VIA_LINE : "") + lines),
    ownFields: own,
  };
}

/**
 * Returns the field lines of requests of a client that is known by its certificate. Names of these
 * fields are dropped from what clients send.
 *
 * @param requestFields the field lines of the port's other requests
 * @param client subject and fingerprint of its certificate
 */
export function fieldsOfClient(
  requestFields: Uint8Array,
  { subject, fingerprint }: { readonly subject: string; readonly fingerprint: string },
): Uint8Array {
  const lines =
    `X-Client-Cert-Subject: ${subject}\r\nX-Client-Cert-Fingerprint: ${fingerprint}\r\n`;
  const own = ascii(lines);
  const all = new Uint8Array(requestFields.length + own.length);
  all.set(requestFields);
  all.set(own, requestFields.length);
  return all;
}
