/**
 * The part of a request that concerns the affinity cookie.
 *
 * @module
 */
import { latin1 } from "../http1/latin1.ts";
import { type SetCookie, setCookieBytes, writeSetCookie } from "../http1/set_cookie.ts";

/** The affinity of a request; a request that is routed by another key has none. */
export interface RequestAffinity {
  /** Name of the cookie. */
  readonly name: Uint8Array;
  /** Whether the request carries cookies of this name, which are not forwarded. */
  readonly carried: boolean;
  /** Set if the response sets the cookie. */
  readonly sets: SetCookie | undefined;
}

/**
 * Returns the field lines with which a response of the balancer itself sets the cookie, without
 * line ends.
 *
 * @param affinity the request's affinity
 */
export function affinityLines(affinity: RequestAffinity | undefined): readonly string[] {
  const cookie = affinity?.sets;
  if (cookie === undefined) return [];
  const bytes = new Uint8Array(setCookieBytes(cookie));
  writeSetCookie(bytes, 0, cookie);
  return latin1(bytes, 0, bytes.length).trimEnd().split("\r\n");
}
