/**
 * Who makes a call, as far as it is known without believing them.
 *
 * @module
 */
import { clientAddress } from "../proxy/client_address.ts";
import type { TrustedPeers } from "../proxy/trust.ts";

export { clientAddress } from "../proxy/client_address.ts";

/** Who makes a call. */
export interface Caller {
  /** IP address of the client; `unix` for whoever came by a socket file. */
  readonly address: string;
  /** Whether only this machine reaches the port or socket that the call came in by. */
  readonly local: boolean;
}

/** Stands for the address of whoever came by a socket file. */
export const UNIX = "unix";

/**
 * The client's address for a call that the data plane hands over: it wrote its own peer last.
 *
 * @param forwarded the field that it sent
 * @param trusted proxies in front whose word counts
 */
export function handedOver(forwarded: string | null, trusted: TrustedPeers): string {
  const listed = (forwarded ?? "").split(",");
  const peer = listed.pop()?.trim() ?? "";
  return clientAddress(peer, listed.join(","), trusted);
}
