/**
 * How the request of an explanation can reach the balancer: protocols, and the certificate of its
 * host, by the functions of the data plane.
 *
 * @module
 */
import type { ExplainedTls, Explanation } from "../../answers/explanation.ts";
import { HTTP2 } from "../../proxy/downstream/tls_port.ts";
import type { ProxySettings } from "../../proxy/settings.ts";
import { CertificateTable, type Credentials } from "../../proxy/transport/certificate_table.ts";

const HTTP1 = "http/1.1";

/** The settings that decide about it. */
type EntrySettings = Pick<ProxySettings, "http2" | "tls">;

/**
 * Describes how a request can come.
 *
 * @param host the request's host, with or without a port; empty if it is not known
 * @param settings the settings in force
 * @param credentials the certificates in use
 */
export function entryOf(
  host: string,
  { http2, tls }: EntrySettings,
  credentials: Credentials,
): Explanation["entry"] {
  return {
    protocols: http2.cleartext ? [HTTP1, HTTP2] : [HTTP1],
    streams: http2.streams,
    tls: tls === undefined ? null : tlsOf(nameOf(host), tls.strictSni, credentials),
  };
}

function tlsOf(name: string, strict: boolean, credentials: Credentials): ExplainedTls {
  const table = new CertificateTable(credentials.certificates, strict, credentials.awaited);
  const names = table.find(name)?.names;
  return {
    serverName: name,
    versions: ["1.2", "1.3"],
    protocols: [HTTP2, HTTP1],
    certificate: names === undefined ? null : [...names],
    match: names === undefined ? "refused" : table.knows(name) ? "name" : "default",
  };
}

/** Without the port. An address is no server name (RFC 6066, section 3). */
function nameOf(host: string): string {
  if (host.startsWith("[")) return "";
  const name = host.replace(/:\d*$/, "");
  return /^[\d.]+$/.test(name) ? "" : name;
}
