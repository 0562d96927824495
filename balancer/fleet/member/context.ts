/**
 * The input that every decision about a member has beside the member itself.
 *
 * @module
 */
import type { FleetPolicy } from "./policy.ts";

/** The time and the thresholds of one decision. */
export interface Context {
  /** The present instant of the fleet's monotonic clock, in milliseconds. */
  readonly now: number;
  readonly policy: FleetPolicy;
}
