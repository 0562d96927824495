/**
 * The address of the API's own port or socket.
 *
 * @module
 */
import type { Config } from "../../config.ts";
import type { Entrance } from "../../settings/values.ts";
import type { Address } from "../../view.ts";
import { isLoopback } from "../auth/host.ts";

/**
 * Returns the address from the settings. The default is a port on loopback: the public port plus
 * one, or a free port if that one is taken.
 *
 * @param config the settings
 * @param publicPort the service's port
 * @returns null if the API is on the public port alone
 */
export function ownEntrance(
  { admin }: Pick<Config, "admin">,
  publicPort: Address,
): Entrance | null {
  if (admin.listen !== null || admin.publicApi === "all") return admin.listen;
  const hostname = isLoopback(publicPort.hostname) ? publicPort.hostname : "127.0.0.1";
  const next = { hostname, port: publicPort.port + 1 };
  return isFree(next) ? next : { hostname, port: 0 };
}

/** After any error a free port is used instead. */
function isFree(address: Address): boolean {
  if (address.port > 65535) return false;
  try {
    Deno.listen(address).close();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) return false;
    if (error instanceof Deno.errors.PermissionDenied) return false;
    throw error;
  }
}
