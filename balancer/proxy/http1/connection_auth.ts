/**
 * Authentication of a connection instead of a request: NTLM, and Negotiate (RFC 4559), which may
 * carry it. A connection that is authenticated in this way must carry requests of one client only.
 *
 * @module
 */
import { ascii } from "./writer.ts";

const NTLM = ascii("ntlm");
const NEGOTIATE = ascii("negotiate");

const SPACE = 32;
const COMMA = 44;

/**
 * Whether a list of challenges, or credentials, names such a scheme (RFC 9110, 11.6). A scheme is a
 * word at the beginning of the value or behind a comma. A comma in a quoted string counts, too: at
 * worst a connection is private without need.
 *
 * @param bytes buffer that holds the value
 * @param start index of its first byte
 * @param end index after its last byte
 */
export function isConnectionAuth(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    if (startsWith(bytes, at, end, NTLM) || startsWith(bytes, at, end, NEGOTIATE)) return true;
    while (at < end && bytes[at] !== COMMA) at++;
    while (bytes[at + 1] === SPACE || bytes[at + 1] === 9) at++;
  }
  return false;
}

function startsWith(bytes: Uint8Array, at: number, end: number, word: Uint8Array): boolean {
  const after = at + word.length;
  if (after > end) return false;
  for (let i = 0; i < word.length; i++) if ((bytes[at + i]! | 0x20) !== word[i]) return false;
  return after === end || bytes[after] === SPACE || bytes[after] === COMMA || bytes[after] === 9;
}
