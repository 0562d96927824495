/**
 * Who makes a call, as far as it is known without believing them.
 *
 * @module
 */
import ipaddr from "ipaddr.js";
import type { TrustedPeers } from "../proxy/trust.ts";

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
 * The client's address. Each proxy writes behind `X-Forwarded-For` whom it was asked by, so the list
 * is true from its end on, as far as those who wrote it are trusted.
 *
 * @param peer who is connected to us
 * @param forwarded the field that it sent
 * @param trusted proxies in front whose word counts
 */
export function clientAddress(
  peer: string,
  forwarded: string | null,
  trusted: TrustedPeers,
): string {
  const listed = (forwarded ?? "").split(",").map((part) => part.trim());
  let address = peer;
  while (trusted.has(address) && ipaddr.isValid(listed.at(-1) ?? "")) address = listed.pop() ?? "";
  return address;
}

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
