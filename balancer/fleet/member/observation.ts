/**
 * Observations: facts that the fleet's writer publishes to the parts that only watch, such as
 * incidents and poison keys.
 *
 * @module
 */
import type { Evidence, FailureCost } from "../../view.ts";
import type { Ending, Member } from "./member.ts";

/** A fact about the fleet, with the instant of the fleet's clock at which it was recorded. */
export type Observation =
  & { readonly at: number }
  & (
    /** A member changed; `after` is undefined once it is removed. */
    | { readonly type: "changed"; readonly before: Member; readonly after: Member | undefined }
    /** A worker of the data plane reported a failed or slow attempt. */
    | { readonly type: "evidence"; readonly evidence: Evidence }
    /** Workers reported what failures cost their requests. */
    | { readonly type: "costs"; readonly costs: readonly FailureCost[] }
    /** Every worker routes by this version of the view, or by a later one. */
    | { readonly type: "applied"; readonly version: number }
    /** The engine is about to create an instance for a member. */
    | { readonly type: "creating"; readonly name: string }
    /** The engine reported how a failed instance ended, or the last lines that it wrote. */
    | { readonly type: "ended"; readonly instance: string; readonly ending: Ending }
  );
