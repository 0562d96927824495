/**
 * The request of a heartbeat as bytes.
 *
 * @module
 */
import { NAME_FIELD } from "../../../replica/contract.ts";
import { VERSION } from "../../version.ts";
import { addressText, type UpstreamAddress } from "../../view.ts";

/**
 * Speaks TLS over a connection to a host. After an error, and when the signal is aborted during the
 * handshake, the connection is closed.
 */
export type Secure = (
  connection: Deno.TcpConn,
  host: string,
  signal: AbortSignal,
) => Promise<ProbeStream>;

/** Bytes of a connection in both directions. */
export interface ProbeStream {
  read(into: Uint8Array): Promise<number | null>;
  write(bytes: Uint8Array): Promise<number>;
  close(): void;
}

/** Options of the heartbeat request. */
export interface HttpProbeOptions {
  /** Path of the health check; empty to only connect. */
  readonly path: string;
  /** Value of the `Host` field, if it is not the instance's address. */
  readonly host?: string;
  /** Speaks TLS over a connection, where the address demands it. */
  readonly secure?: Secure;
  /** Additional fields. */
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * Returns the request of a heartbeat.
 *
 * @param options options of the request; `path` is not empty
 * @param address address of the instance
 * @param name the replica's name, for an instance that was started without one
 * @throws {TypeError} the name or value of a field is invalid
 */
export function probeRequest(
  { path, host, headers = {} }: HttpProbeOptions,
  address: UpstreamAddress,
  name: string | undefined,
): Uint8Array<ArrayBuffer> {
  const url = new URL(probeUrl(address, path));
  // `Headers` refuses values that would end a line.
  const fields = new Headers({
    "Accept": "*/*",
    "User-Agent": `ringkeeper/${VERSION}`,
    ...headers,
    ...(name === undefined ? {} : { [NAME_FIELD]: name }),
  });
  fields.delete("Host");
  const lines = [`GET ${url.pathname}${url.search} HTTP/1.1`, `Host: ${host ?? url.host}`];
  for (const [field, value] of fields) lines.push(`${field}: ${value}`);
  return bytesOf(`${lines.join("\r\n")}\r\n\r\n`);
}

/** A Unix socket has no host; `localhost` is what other clients send. */
function probeUrl(address: UpstreamAddress, path: string): string {
  if ("path" in address) return `http://localhost${path}`;
  return `${address.tls ? "" : "http://"}${addressText(address)}${path}`;
}

/** One byte per character, since `Headers` accepts no others (RFC 9110, section 5.5). */
function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
