/**
 * Where the API of a balancer that `up` starts has its own port.
 *
 * @module
 */
import { isLoopback } from "../../balancer/control/auth/host.ts";
import { controlUrl } from "./endpoint.ts";
import type { Lookup } from "./options.ts";

/** An own port or socket file of the API, as `LB_ADMIN_LISTEN` has it; empty: there is none. */
interface ApiEntrance {
  readonly listen: string;
  /** Where the API is reached from this machine. */
  readonly url: string;
}

/**
 * Chooses the API's own port: the one that the settings name, or else one above the public one, or a
 * free one where that is taken.
 *
 * @param env looks up settings
 * @param service where the public port is
 * @param isFree whether nothing listens on a port of a host
 * @param freePort finds one on which nothing does
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
 * Whether only this machine reaches an entrance.
 *
 * @param listen as `LB_ADMIN_LISTEN` has it
 */
export function isPrivate(listen: string): boolean {
  if (listen === "" || listen.startsWith("unix:")) return true;
  return isLoopback(new URL(`http://${listen}`).hostname.replace(/^\[|\]$/g, ""));
}
