/**
 * Whether the balancer should get requests: `GET /_lb/readyz`. Pure.
 *
 * @module
 */
import type { Ready } from "../../answers/fleet.ts";
import type { FleetCounts } from "../../fleet/operations/status.ts";

/** The state that decides. */
interface ReadyFacts extends Pick<FleetCounts, "serving" | "servingReady"> {
  readonly maintenance: boolean;
  /** The setting `LB_READY_SHARE`, 0 to 1. */
  readonly share: number;
  /** Whether the balancer ends. */
  readonly draining: boolean;
  /** Why this balancer must not serve, although its replicas are ready; undefined if it may. */
  readonly isolated: string | undefined;
}

/** The balancer should not get requests; the message says why. */
export class NotReadyError extends Error {
  override readonly name = "NotReadyError";
}

/**
 * Returns the readiness of the whole. Replicas of weight 0 own no slots, so they do not count, and
 * neither do those that join or leave.
 *
 * @param facts the state that decides
 * @throws {NotReadyError} the balancer should not get requests
 */
export function readyReport(
  { serving, servingReady: ready, maintenance, share, draining, isolated }: ReadyFacts,
): Ready {
  if (draining) throw new NotReadyError("the balancer is draining: it is about to end");
  if (isolated !== undefined) throw new NotReadyError(isolated);
  const needed = share === 0 ? 0 : Math.max(1, Math.ceil(share * serving));
  if (ready < needed) {
    throw new NotReadyError(
      `${ready} of ${serving} replicas ${ready === 1 ? "is" : "are"} ready; ` +
        `LB_READY_SHARE=${share} needs ${needed}`,
    );
  }
  return { status: "ready", ready, needed, of: serving, maintenance };
}
