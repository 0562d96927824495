/**
 * The address of a Docker Engine.
 *
 * @module
 */
import type { Address } from "../view.ts";

/** A Unix socket of this machine, or an address that speaks HTTP, as a socket proxy does. */
export type DockerHost = { readonly socketPath: string } | Address;

/** The port of an Engine without TLS, registered with IANA as `docker`. */
const DEFAULT_PORT = 2375;

const TCP = /^tcp:\/\/(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9_.-]+))(?::(\d{1,5}))?\/?$/;

/**
 * Parses `unix:///path`, `/path` or `tcp://host:port`, as in the variable DOCKER_HOST of Docker's
 * client.
 *
 * @param text the setting
 * @returns the Engine's address; undefined for any other form
 */
export function parseDockerHost(text: string): DockerHost | undefined {
  const path = text.startsWith("unix://") ? text.slice("unix://".length) : text;
  if (/^\/[^\0]+$/.test(path)) return { socketPath: path };
  const [match, v6, name, digits] = TCP.exec(text) ?? [];
  const port = Number(digits ?? DEFAULT_PORT);
  if (match === undefined || port < 1 || port > 65_535) return undefined;
  return { hostname: (v6 ?? name)!, port };
}
