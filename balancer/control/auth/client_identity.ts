/**
 * The identity of a caller, from sources that the caller cannot forge.
 *
 * @module
 */
import { clientAddress } from "../../proxy/downstream/client_address.ts";
import type { TrustedProxies } from "../../proxy/downstream/trusted_proxies.ts";
import type { Entrance } from "../../settings/values.ts";
import { isLoopback } from "./host.ts";

export { clientAddress } from "../../proxy/downstream/client_address.ts";

/** The identity of a caller. */
export interface Caller {
  /** IP address of the client; `unix` for a caller on a socket file. */
  readonly address: string;
  /** IP address of the other end of the connection: the client, or the last proxy before us. */
  readonly peer: string;
  /** Whether the call's port or socket is reachable from this machine only. */
  readonly local: boolean;
  /** Whether the call came by the port that the API shares with the service. */
  readonly shared: boolean;
}

/** The address of a caller on a socket file. */
const UNIX = "unix";

/**
 * Returns the caller of a call that the data plane hands over: the last address in the list is its
 * peer.
 *
 * @param forwarded the `X-Forwarded-For` field that the data plane set
 * @param publicHost address that the public port listens on
 * @param trusted proxies in front whose `X-Forwarded-For` is trusted
 */
export function publicCaller(
  forwarded: string | null,
  publicHost: string,
  trusted: TrustedProxies,
): Caller {
  const listed = (forwarded ?? "").split(",");
  const peer = listed.pop()?.trim() ?? "";
  const address = clientAddress(peer, listed.join(","), trusted);
  return { address, peer, local: isLoopback(publicHost), shared: true };
}

/**
 * Returns the caller of a call that came by the API's own port or socket file.
 *
 * @param own address of that port or socket
 * @param peer address of the other end; ignored for a socket file
 * @param forwarded the field `X-Forwarded-For` of the request
 * @param trusted proxies in front whose `X-Forwarded-For` is trusted
 */
export function ownCaller(
  own: Entrance,
  peer: string,
  forwarded: string | null,
  trusted: TrustedProxies,
): Caller {
  if ("path" in own) return { address: UNIX, peer: UNIX, local: true, shared: false };
  const address = clientAddress(peer, forwarded, trusted);
  return { address, peer, local: isLoopback(own.hostname), shared: false };
}
