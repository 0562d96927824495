/**
 * Request targets in absolute-form, which proxies receive (RFC 9112, section 3.2.2).
 *
 * @module
 */
import { type Fault, FAULTS } from "./fault.ts";
import { isAuthority } from "./framing.ts";
import { authorityStart } from "./request_line.ts";

/** The target of a request, as indexes into its bytes. */
interface RequestTarget {
  readonly method: string;
  /** Whether the target was in absolute-form. */
  absolute: boolean;
  targetStart: number;
  targetEnd: number;
  /** Index of the "?" of the target, or its end. */
  pathEnd: number;
  hostStart: number;
  /** Index after the host and port. */
  hostEnd: number;
}

/**
 * Splits a target in absolute-form into the authority and the rest (RFC 9112, section 3.2.2).
 *
 * @param head the target's indexes; they are set to the target in origin-form
 * @param bytes buffer that holds the head; the path that RFC 9112, sections 3.2.1 and 3.2.4 require
 *   is written into it
 * @returns why the request is refused; undefined if it is accepted
 */
export function readAbsoluteForm(head: RequestTarget, bytes: Uint8Array): Fault | undefined {
  const from = authorityStart(bytes, head.targetStart, head.targetEnd);
  if (from < 0) return FAULTS.targetForm;
  let at = from;
  while (at < head.pathEnd && bytes[at] !== 47) at++;
  if (!isAuthority(bytes, from, at)) return FAULTS.authority;
  head.absolute = true;
  head.hostStart = from;
  head.hostEnd = at;
  head.targetStart = at;
  if (bytes[at] !== 47) writePath(head, bytes);
  return undefined;
}

/**
 * Gives a target without a path its "/", or "*" if OPTIONS concerns the whole server, in place of
 * the second slash of "://".
 */
function writePath(head: RequestTarget, bytes: Uint8Array): void {
  const room = head.hostStart - 1;
  if (head.targetStart < head.targetEnd) {
    bytes.copyWithin(room, head.hostStart, head.hostEnd);
    head.hostStart--;
    head.targetStart = --head.hostEnd;
    bytes[head.targetStart] = 47;
    return;
  }
  head.targetStart = room;
  head.targetEnd = head.pathEnd = room + 1;
  bytes[room] = head.method === "OPTIONS" ? 42 : 47;
}
