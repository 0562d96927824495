/**
 * Where the API has an entrance of its own.
 *
 * @module
 */
import type { Config } from "../../config.ts";
import type { Entrance } from "../../settings/values.ts";
import type { Address } from "../../view.ts";
import { isLoopback } from "../auth/host.ts";

/**
 * The entrance that the settings ask for. Where they name none, it is a port on loopback: the public
 * one plus one, or a free one where that is taken.
 *
 * @param config the settings
 * @param publicPort where the service listens
 * @returns null where the API is on the public port alone
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

/** Whatever keeps a port from being opened, a free one will do. */
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
