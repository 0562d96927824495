/**
 * When a certificate is renewed, and when a failed order is tried again. Pure.
 *
 * @module
 */

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** Part of its lifetime after which a certificate is renewed, as Let's Encrypt advises. */
const RENEW_AFTER = 2 / 3;

/** Largest part of the lifetime by which a renewal is earlier, so that not all come at once. */
const JITTER = 1 / 20;

/** Why an order failed, as far as the next attempt depends on it. */
export type FaultKind =
  /** The authority did not answer, or answered that it cannot at present. */
  | "unreachable"
  /** The authority refused: the same order will probably be refused again. */
  | "refused";

/** Delay before the second attempt, and the longest delay, in milliseconds. */
const DELAYS: Readonly<Record<FaultKind, { readonly first: number; readonly longest: number }>> = {
  unreachable: { first: 5 * SECOND_MS, longest: 10 * MINUTE_MS },
  // Let's Encrypt allows five refused proofs an hour for a host, and one more each 12 minutes.
  refused: { first: MINUTE_MS, longest: 6 * HOUR_MS },
};

/** Longest time that an authority may ask for, in milliseconds: limits are counted by the week. */
export const LONGEST_WAIT_MS = 8 * DAY_MS;

/** Validity of a certificate, in milliseconds since the epoch. */
interface Validity {
  readonly notBefore: number;
  readonly notAfter: number;
}

/**
 * Returns when a certificate is to be renewed, in milliseconds since the epoch.
 *
 * @param validity its validity
 * @param seed a number from 0 to 1 that stays the same for one certificate, so that a restart does
 *   not draw again
 */
export function renewalAt({ notBefore, notAfter }: Validity, seed: number): number {
  return notBefore + (notAfter - notBefore) * (RENEW_AFTER - seed * JITTER);
}

/**
 * Returns the number of a certificate for {@linkcode renewalAt}.
 *
 * @param fingerprint its SHA-256 in hexadecimal digits
 */
export function seedOf(fingerprint: string): number {
  return parseInt(fingerprint.slice(0, 8), 16) / 0x1_0000_0000;
}

/** A failed attempt. */
interface Failed {
  readonly kind: FaultKind;
  /** Milliseconds for which the authority wants no further attempt; 0: it did not say. */
  readonly retryAfterMs: number;
}

/**
 * Returns the delay before the next attempt, in milliseconds: it doubles from failure to failure up
 * to a bound, and is never shorter than the authority asks for.
 *
 * @param failed the failed attempt
 * @param count number of failures in succession, at least 1
 * @param random a random number from 0 to 1
 */
export function retryDelay({ kind, retryAfterMs }: Failed, count: number, random: number): number {
  const { first, longest } = DELAYS[kind];
  const delay = Math.min(first * 2 ** (count - 1), longest) * (3 / 4 + random / 4);
  return Math.max(delay, Math.min(retryAfterMs, LONGEST_WAIT_MS));
}
