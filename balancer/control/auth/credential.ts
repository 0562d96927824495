/**
 * Which token somebody shows.
 *
 * @module
 */
import { createHash, timingSafeEqual } from "node:crypto";

/** The tokens in force; empty where there is none. */
export interface TokenPair {
  readonly admin: string;
  readonly read: string;
}

/** Which of them was shown, as it may be told: never the token itself. */
export type Credential = "admin-token" | "read-token" | "none";

/**
 * Compares with both tokens, in a time that says nothing about either.
 *
 * @param given what was shown
 * @param tokens the tokens in force
 */
export function credentialOf(given: string, { admin, read }: TokenPair): Credential {
  const isRead = equalInConstantTime(given, read);
  const isAdmin = equalInConstantTime(given, admin);
  if (given === "") return "none";
  return isRead ? "read-token" : isAdmin ? "admin-token" : "none";
}

/** Digests are of one length whatever was sent, which is what the comparison asks for. */
function equalInConstantTime(given: string, expected: string): boolean {
  return timingSafeEqual(sha256(given), sha256(expected));
}

function sha256(text: string): Uint8Array {
  return createHash("sha256").update(text).digest();
}
