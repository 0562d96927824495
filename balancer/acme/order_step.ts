/**
 * Decides whether a host needs an order. Pure.
 *
 * @module
 */
import type { Host } from "./host_records.ts";
import { LONGEST_WAIT_MS, renewalAt, seedOf } from "./schedule.ts";

/**
 * Decides whether a certificate has to be ordered.
 *
 * @param host the host
 * @param directory URL of the authority's directory
 * @param now milliseconds since the epoch
 */
export function orderStep(
  { record, certificate }: Host,
  directory: string,
  now: number,
): "order" | "wait" {
  const { failure } = record;
  // Another authority does not know of the failure. A wait that is too long shows a changed clock.
  const waits = failure?.directory === directory && now < failure.retryAt &&
    failure.retryAt - now <= LONGEST_WAIT_MS;
  if (waits) return "wait";
  if (!certificate || record.certificate?.directory !== directory) return "order";
  return now >= renewalAt(certificate, seedOf(certificate.fingerprint)) ? "order" : "wait";
}
