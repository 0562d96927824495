/**
 * Metrics of the certificates that clients are shown.
 *
 * @module
 */
import type { CertificateStatus } from "../answers/certificate.ts";
import type { OrderCounts } from "../acme/acme_certificates.ts";
import { counter, gauge, type MetricFamily, type Series } from "./metric_family.ts";

/**
 * Builds the metrics of the certificates.
 *
 * @param certificates the certificates, as the status shows them
 * @param orders the orders by ACME so far
 */
export function certificateMetrics(
  certificates: readonly CertificateStatus[],
  { issued, failed }: OrderCounts,
): readonly MetricFamily[] {
  return [
    gauge(
      "tls_certificate_not_after_seconds",
      "When the validity of a certificate ends, in seconds since the epoch.",
      certificates.flatMap(({ name, notAfter }): Series[] =>
        notAfter === null ? [] : [[{ certificate: name }, Date.parse(notAfter) / 1000]]
      ),
    ),
    gauge(
      "tls_certificate_faulty",
      "Whether the files of a certificate cannot be used now, or a host has none by ACME yet; one " +
        "that was there before stays in use.",
      certificates.map((one): Series => [{ certificate: one.name }, Number(isFaulty(one))]),
    ),
    gauge(
      "tls_certificate_ending",
      "Whether the validity of a certificate ends soon: within 14 days, or within the last sixth " +
        "of the lifetime if that is shorter and it comes by ACME.",
      certificates.map(({ name, ending }): Series => [{ certificate: name }, Number(ending)]),
    ),
    counter("acme_orders_total", "Orders of certificates by ACME, by their end.", [
      [{ result: "issued" }, issued],
      [{ result: "failed" }, failed],
    ]),
  ];
}

/** A failed renewal is no fault yet: `ending` tells when it becomes one. */
function isFaulty({ source, fault, fingerprint }: CertificateStatus): boolean {
  return fault !== null && (source === "file" || fingerprint === null);
}
