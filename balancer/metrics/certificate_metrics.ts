/**
 * Metrics of the certificates that clients are shown.
 *
 * @module
 */
import type { CertificateStatus } from "../answers/certificate.ts";
import { gauge, type MetricFamily, type Series } from "./metric_family.ts";

/**
 * Builds the metrics of the certificates.
 *
 * @param certificates the certificates, as the status shows them
 */
export function certificateMetrics(
  certificates: readonly CertificateStatus[],
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
      "Whether the files of a certificate cannot be used now; the one loaded before stays in use.",
      certificates.map(({ name, fault }): Series => [
        { certificate: name },
        Number(fault !== null),
      ]),
    ),
  ];
}
