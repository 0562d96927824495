/**
 * A worker's reports of failed attempts: evidence for the fleet, counters, and the cost to the
 * replica's requests.
 *
 * @module
 */
import type { Evidence, Upstream } from "../../view.ts";
import { isEvidence, type UpstreamError } from "../errors/upstream_error.ts";
import type { ProxyRequest } from "../request/request.ts";
import type { RoutingTable } from "../routing/routing_table.ts";
import type { FailureCosts } from "../stats/failure_cost.ts";
import type { WorkerCounters } from "../stats/worker_counters.ts";
import type { Deadlines } from "../transport/deadlines.ts";
import { CONTROL } from "../upstream/connection_pool.ts";
import type { UpstreamConnection } from "../upstream/upstream_connection.ts";
import { EvidenceLimiter } from "../upstream/evidence_limiter.ts";

/** Dependencies of {@linkcode FailureReports}. */
interface ReportServices {
  readonly deadlines: Pick<Deadlines, "now">;
  readonly counters: WorkerCounters;
  readonly costs: FailureCosts;
  readonly routes: RoutingTable;
  /** Takes evidence, at most 256 pieces a second. */
  readonly onEvidence: (evidence: Evidence) => void;
  /** Takes an error caused by neither client nor replica. */
  readonly onFailure: (action: string, error: unknown) => void;
}

/** The reports of one worker. */
export class FailureReports {
  readonly #services: ReportServices;
  readonly #limit = new EvidenceLimiter();

  /** @param services receivers of the reports */
  constructor(services: ReportServices) {
    this.#services = services;
  }

  /** Reports a failed attempt. */
  attemptFailed(
    { name, instance }: Upstream,
    failure: UpstreamError,
    { destination }: ProxyRequest,
  ): void {
    const { counters, onFailure } = this.#services;
    if (instance === CONTROL) return onFailure("proxy.control", failure);
    const { kind } = failure;
    const fresh = isEvidence(failure);
    counters.of(name).failed(fresh ? kind : "stale");
    const evidence = { name, instance, kind, fresh, key: destination.key ?? "" };
    this.report(failure.sent === "no" ? { ...evidence, unreachable: true } : evidence);
  }

  /** Reports a response that broke off in the middle; the key shows which other requests ran. */
  responseBroken(
    { pool, expired }: UpstreamConnection,
    { destination: { key } }: ProxyRequest,
  ): void {
    const { name, instance } = pool.upstream;
    if (key === undefined) return;
    const { costs, routes } = this.#services;
    costs.add(routes.ownerOf(key), "broken");
    this.report({ name, instance, kind: expired ? "timeout" : "reset", fresh: false, key });
  }

  /** Passes a piece of evidence on, within the rate limit. */
  report(evidence: Evidence): void {
    const { deadlines, onEvidence } = this.#services;
    if (this.#limit.allow(deadlines.now)) onEvidence(evidence);
  }

  /** Reports the number of suppressed pieces of evidence; called with each tick. */
  tick(): void {
    const { deadlines, onFailure } = this.#services;
    const dropped = this.#limit.takeDropped(deadlines.now);
    if (dropped > 0) onFailure("proxy.evidence", `${dropped} more, not passed on`);
  }
}
