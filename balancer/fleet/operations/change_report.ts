/**
 * Reports of changes of the fleet.
 *
 * @module
 */
import { errorMessage } from "../../failures.ts";
import type { View } from "../../view.ts";
import type { Fleet } from "../fleet.ts";
import { type ListedMovement, movementBetween } from "../spec/movement.ts";
import { ChangeError } from "../spec/change_error.ts";
import { UnknownOutcomeError } from "../store/store.ts";
import type { RingShape } from "../spec/ring_spec.ts";

/** The effect of a change. */
export interface ChangeReport {
  /** Version of the view with the change. */
  readonly version: number;
  /** Digest of that view's ring. */
  readonly digest: string;
  /** Slots that this view moved. A slow start moves more in steps. */
  readonly moved: ListedMovement;
  /**
   * Share of the ids 0 to 9999 that moved. With another hash family ids move although slots do not.
   */
  readonly movedIds: number;
  /** Ids of the live balancers that did not route by the change in time. */
  readonly behind: readonly string[];
}

/** The names in the ring after a change. */
export interface NamesReport extends Pick<ChangeReport, "behind"> {
  readonly names: readonly string[];
}

/** Members and ring of the fleet. */
export interface FleetSummary {
  /** Version of the view. */
  readonly version: number;
  readonly digest: string;
  /** Weight of each replica, by name. */
  readonly weights: Readonly<Record<string, number>>;
  readonly shape: RingShape;
}

/** Called when a change is made, with the fleet directly before and after it. */
export type OnMade = (before: FleetSummary, after: FleetSummary) => void;

/** A change that was made: the view before it and the view with it. */
export interface Made extends Pick<ChangeReport, "behind"> {
  readonly before: View;
  readonly after: View;
}

/** Creates the error of a change that could not be saved and was not made. */
export function notSaved(error: unknown): ChangeError {
  if (error instanceof UnknownOutcomeError) {
    return new ChangeError(
      "not-saved",
      `the change may have been made, because the shared store did not answer: ${error.message}; ` +
        "GET /_lb/status of a balancer that reaches the store shows it",
    );
  }
  return new ChangeError(
    "not-saved",
    `nothing was changed, because the change could not be saved: ${errorMessage(error)}`,
  );
}

/** Summarises a fleet. */
export function summaryOf({ view: { version, ring }, ringSpec }: Fleet): FleetSummary {
  const { weights, shape } = ringSpec;
  return { version, digest: ring.digest, weights: Object.fromEntries(weights), shape };
}

/** Compares the views before and after a change. */
export function reportOf({ before, after, behind }: Made): ChangeReport {
  const { version, ring } = after;
  return {
    version,
    digest: ring.digest,
    ...movementBetween(before.ring, ring),
    behind,
  };
}
