/**
 * Chooses the API's own port for a balancer that `up` starts.
 *
 * @module
 */
import { isLoopback } from "../../balancer/control/auth/host.ts";
import { controlUrl } from "./endpoint.ts";
import type { Lookup } from "./options.ts";

/** An own port or socket file of the API, in the form of `LB_ADMIN_LISTEN`; empty for none. */
interface ApiEntrance {
  readonly listen: string;
  /** The API's address from this machine. */
  readonly url: string;
}

/**
 * Chooses the API's own port: the one in the settings, or the port above the public one, or a free
 * port if that one is taken.
 *
 * @param env looks up settings
 * @param service address of the public port
 * @param isFree whether nothing listens on a port of a host
 * @param freePort finds a free port
 */
export function apiEntrance(
  env: Lookup,
  service: string,
  isFree: (hostname: string, port: number) => boolean,
  freePort: (hostname: string) => number,
): ApiEntrance {
  const place = { listen: env("LB_ADMIN_LISTEN") ?? "", api: env("LB_PUBLIC_API") ?? "" };
  if (place.listen !== "" || place.api === "all") {
    return { listen: place.listen, url: controlUrl(place, service) };
  }
  const { hostname, port } = new URL(controlUrl(place, service));
  const bare = hostname.replace(/^\[|\]$/g, "");
  const next = Number(port);
  const taken = next === 0 || !isFree(bare, next);
  const listen = `${hostname}:${taken ? freePort(bare) : next}`;
  return { listen, url: `http://${listen}` };
}

/**
 * Whether an entrance is reachable from this machine only.
 *
 * @param listen the address, in the form of `LB_ADMIN_LISTEN`
 */
export function isPrivate(listen: string): boolean {
  if (listen === "" || listen.startsWith("unix:")) return true;
  return isLoopback(new URL(`http://${listen}`).hostname.replace(/^\[|\]$/g, ""));
}
