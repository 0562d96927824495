/**
 * Metrics of the certificates that clients and replicas are shown.
 *
 * @module
 */
import type { CertificateStatus } from "../answers/certificate.ts";
import { gauge, type MetricFamily, type Series } from "./metric_family.ts";

/**
 * Builds the metrics of the certificates.
 *
 * @param certificates the certificates, as the status shows them
 * @param unverified whether certificates of replicas are not verified
 */
export function certificateMetrics(
  certificates: readonly CertificateStatus[],
  unverified: boolean,
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
    gauge(
      "upstream_tls_unverified",
      "Whether certificates of replicas are not verified: 1 with " +
        "LB_UPSTREAM_TLS_INSECURE_SKIP_VERIFY.",
      Number(unverified),
    ),
  ];
}
