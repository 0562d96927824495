/**
 * Metrics of the certificates that clients and replicas are shown.
 *
 * @module
 */
import type { CertificateStatus } from "../answers/certificate.ts";
import type { OrderCounts } from "../acme/acme_certificates.ts";
import { counter, gauge, type MetricFamily, type Series } from "./metric_family.ts";

/** TLS to replicas, as the main thread knows it. */
export interface UpstreamTlsFacts {
  /** Whether certificates of replicas are not verified. */
  readonly unverified: boolean;
  /** Handshakes of heartbeats, by their end. */
  readonly handshakes: Readonly<Record<string, number>>;
}

/**
 * Builds the metrics of the certificates.
 *
 * @param certificates the certificates, as the status shows them
 * @param orders the orders by ACME so far
 * @param upstreamTls TLS to replicas
 */
export function certificateMetrics(
  certificates: readonly CertificateStatus[],
  { issued, failed }: OrderCounts,
  { unverified, handshakes }: UpstreamTlsFacts,
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
    counter(
      "heartbeat_tls_handshakes_total",
      "TLS handshakes of heartbeats by their end: tls13, tls12, or why they failed.",
      Object.entries(handshakes).map(([end, n]): Series => [{ end }, n]),
    ),
    gauge(
      "upstream_tls_unverified",
      "Whether certificates of replicas are not verified: 1 with " +
        "LB_UPSTREAM_TLS_INSECURE_SKIP_VERIFY.",
      Number(unverified),
    ),
  ];
}

/** A failed renewal is no fault yet: `ending` tells when it becomes one. */
function isFaulty({ source, fault, fingerprint }: CertificateStatus): boolean {
  return fault !== null && (source === "file" || fingerprint === null);
}
