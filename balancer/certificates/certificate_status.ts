/**
 * Facts about the certificates, for status and metrics.
 *
 * @module
 */
import type { CertificateStatus } from "../answers/certificate.ts";
import type { LoadedCertificate } from "./certificate.ts";
import type { CertificateStore } from "./certificate_store.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * Describes the certificates in use, and the files that cannot be used.
 *
 * @param store the certificates
 * @param now milliseconds since the epoch
 */
export function certificateStatus(
  store: Pick<CertificateStore, "set" | "faults">,
  now: number,
): CertificateStatus[] {
  const faults = new Map(store.faults.map(({ name, message }) => [name, message]));
  const loaded = store.set.certificates.map((one) => describe(one, now, faults.get(one.name)));
  const known = new Set(loaded.map(({ name }) => name));
  const missing = [...faults].filter(([name]) => !known.has(name));
  return [...loaded, ...missing.map(([name, fault]) => ({ ...UNKNOWN, name, fault }))];
}

const UNKNOWN = { names: [], kind: null, notAfter: null, daysLeft: null, fingerprint: null };

function describe(
  { name, names, kind, notAfter, fingerprint }: LoadedCertificate,
  now: number,
  fault: string | undefined,
): CertificateStatus {
  return {
    name,
    names: [...names],
    kind,
    notAfter: new Date(notAfter).toISOString(),
    daysLeft: Math.max(Math.floor((notAfter - now) / DAY_MS), 0),
    fingerprint,
    fault: fault ?? null,
  };
}
