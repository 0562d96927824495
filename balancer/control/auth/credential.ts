/**
 * The token that a client sent, compared with the tokens in force.
 *
 * @module
 */
import { createHash, timingSafeEqual } from "node:crypto";

/** The tokens in force; an empty string means none. */
export interface TokenPair {
  readonly admin: string;
  readonly read: string;
}

/** Which of the tokens was sent, for logs; never the token itself. */
export type Credential = "admin-token" | "read-token" | "none";

/**
 * Compares a token with both tokens in constant time.
 *
 * @param given the token that the client sent
 * @param tokens the tokens in force
 */
export function credentialOf(given: string, { admin, read }: TokenPair): Credential {
  const isRead = equalInConstantTime(given, read);
  const isAdmin = equalInConstantTime(given, admin);
  if (given === "") return "none";
  return isRead ? "read-token" : isAdmin ? "admin-token" : "none";
}

/** Digests have one length for any input, as a constant-time comparison requires. */
function equalInConstantTime(given: string, expected: string): boolean {
  return timingSafeEqual(sha256(given), sha256(expected));
}

function sha256(text: string): Uint8Array {
  return createHash("sha256").update(text).digest();
}
