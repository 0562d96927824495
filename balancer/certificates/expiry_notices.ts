/**
 * Warnings about certificates whose validity ends soon.
 *
 * @module
 */
import type { Logger } from "@logtape/logtape";
import type { LoadedCertificate } from "./certificate.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

/** Time before its end at which a certificate is reported, in milliseconds. */
const NOTICE_BEFORE_MS = 14 * DAY_MS;

/** The same for one that is renewed by itself, as a part of its lifetime: its renewals failed. */
const RENEWED_PART = 1 / 6;

/** Interval between two reports of one certificate, in milliseconds. */
const AGAIN_MS = DAY_MS;

/**
 * Whether the end of a certificate is near, or has passed.
 *
 * @param certificate the certificate
 * @param now milliseconds since the epoch
 */
export function endsSoon(
  { source, notBefore, notAfter }: Pick<LoadedCertificate, "source" | "notBefore" | "notAfter">,
  now: number,
): boolean {
  const before = source === "file"
    ? NOTICE_BEFORE_MS
    : Math.min((notAfter - notBefore) * RENEWED_PART, NOTICE_BEFORE_MS);
  return notAfter - now <= before;
}

/** Warns of certificates that end soon, once a day each. */
export class ExpiryNotices {
  readonly #log: Logger;
  /** When a certificate was reported last, by its fingerprint. */
  #noticed = new Map<string, number>();

  constructor(log: Logger) {
    this.#log = log;
  }

  /**
   * Warns where it is time.
   *
   * @param certificates the certificates in use
   * @param now milliseconds since the epoch
   */
  look(certificates: readonly LoadedCertificate[], now: number): void {
    const noticed = new Map<string, number>();
    for (const certificate of certificates) {
      if (!endsSoon(certificate, now)) continue;
      const { fingerprint } = certificate;
      const before = this.#noticed.get(fingerprint) ?? -Infinity;
      const due = now - before >= AGAIN_MS;
      noticed.set(fingerprint, due ? now : before);
      if (due) this.#warn(certificate, now);
    }
    this.#noticed = noticed;
  }

  #warn({ name, notAfter }: LoadedCertificate, now: number): void {
    const text = notAfter > now ? "ends soon" : "has ended";
    this.#log.warn(`certificate {name} ${text}: it is valid until {until}`, {
      name,
      until: new Date(notAfter).toISOString(),
    });
  }
}
