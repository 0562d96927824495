/**
 * Facts about the certificates, for status and metrics.
 *
 * @module
 */
import type { CertificateStatus } from "../answers/certificate.ts";
import type { LoadedCertificate } from "./certificate.ts";
import type { CertificateStore } from "./certificate_store.ts";
import { endsSoon } from "./expiry_notices.ts";

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
  const loaded = store.set.certificates.map((one) =>
    describeCertificate(one, now, { fault: faults.get(one.name) })
  );
  const known = new Set(loaded.map(({ name }) => name));
  const missing = [...faults].filter(([name]) => !known.has(name));
  return [
    ...loaded,
    ...missing.map(([name, fault]): CertificateStatus => ({
      ...NO_CERTIFICATE,
      ...{ name, source: "file", fault },
    })),
  ];
}

/** The status of a certificate that is not there. */
export const NO_CERTIFICATE = {
  names: [],
  kind: null,
  notAfter: null,
  daysLeft: null,
  ending: false,
  renewal: null,
  fingerprint: null,
};

/**
 * Describes a certificate.
 *
 * @param certificate the certificate
 * @param now milliseconds since the epoch
 * @param facts why it cannot be replaced at present, and when it is renewed
 */
export function describeCertificate(
  certificate: LoadedCertificate,
  now: number,
  { fault, renewsAt }: { readonly fault?: string | undefined; readonly renewsAt?: number },
): CertificateStatus {
  const { name, source, names, kind, notAfter, fingerprint } = certificate;
  return {
    name,
    source,
    names: [...names],
    kind,
    notAfter: new Date(notAfter).toISOString(),
    daysLeft: Math.max(Math.floor((notAfter - now) / DAY_MS), 0),
    ending: endsSoon(certificate, now),
    renewal: renewsAt === undefined ? null : new Date(renewsAt).toISOString(),
    fingerprint,
    fault: fault ?? null,
  };
}
