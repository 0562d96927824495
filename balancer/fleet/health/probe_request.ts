/**
 * The request of a heartbeat as bytes.
 *
 * @module
 */
import { NAME_FIELD } from "../../../replica/contract.ts";
import { VERSION } from "../../version.ts";
import { addressText, type UpstreamAddress } from "../../view.ts";

/** What a heartbeat asks for. */
export interface HttpProbeOptions {
  /** Path of the health page; empty: only a connection is made. */
  readonly path: string;
  /** The `Host` field, where that is not to be the instance's address. */
  readonly host?: string;
  /** Further fields. */
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * The request of a heartbeat.
 *
 * @param options what it asks for; `path` is not empty
 * @param address where the instance listens
 * @param name the replica's name, for an instance that was started without one
 * @throws {TypeError} a field's name or value cannot be sent
 */
export function probeRequest(
  { path, host, headers = {} }: HttpProbeOptions,
  address: UpstreamAddress,
  name: string | undefined,
): Uint8Array<ArrayBuffer> {
  const url = new URL(probeUrl(address, path));
  // `Headers` refuses what would end a line.
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

/** Over a Unix socket there is no host; `localhost` is what other clients send there. */
function probeUrl(address: UpstreamAddress, path: string): string {
  return `http://${"path" in address ? "localhost" : addressText(address)}${path}`;
}

/** One byte a character, as `Headers` lets no other pass (RFC 9110, 5.5). */
function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
