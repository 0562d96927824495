/**
 * Who makes a call, as far as that can be known without believing the caller.
 *
 * @module
 */
import { clientAddress } from "../../proxy/downstream/client_address.ts";
import type { TrustedProxies } from "../../proxy/downstream/trusted_proxies.ts";
import type { Entrance } from "../../settings/values.ts";
import { isLoopback } from "./host.ts";

export { clientAddress } from "../../proxy/downstream/client_address.ts";

/** Who makes a call. */
export interface Caller {
  /** IP address of the client; `unix` for a caller on a socket file. */
  readonly address: string;
  /** IP address of the other end of the connection: the client, or the last proxy before us. */
  readonly peer: string;
  /** Whether only this machine reaches the port or socket that the call came in by. */
  readonly local: boolean;
  /** Whether the call came in by the port that it shares with the service. */
  readonly shared: boolean;
}

/** Stands for the address of a caller on a socket file. */
const UNIX = "unix";

/**
 * The caller of a call that the data plane hands over: its own peer is the last in the list.
 *
 * @param forwarded the field that the data plane sent
 * @param publicHost address that the public port listens on
 * @param trusted proxies in front whose word counts
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
 * The caller of a call that came in by the API's own port or socket file.
 *
 * @param own where that listens
 * @param peer address of the other end; not looked at for a socket file
 * @param forwarded the field `X-Forwarded-For` of the request
 * @param trusted proxies in front whose word counts
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
