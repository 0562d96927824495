/**
 * What a balancer that starts does about a deploy that its last life left half done.
 *
 * @module
 */
import type { Logger } from "@logtape/logtape";
import type { FailureLog } from "../../failures.ts";
import type { Clock } from "../../clock.ts";
import type { Deploys } from "./deploy.ts";

/** What {@linkcode resumeDeploy} needs. */
export interface ResumeOptions {
  readonly deploys: Pick<Deploys, "resume">;
  readonly clock: Pick<Clock, "after">;
  readonly log: Logger;
  readonly failures: FailureLog;
  /** Aborted when the balancer begins to end. */
  readonly ending: AbortSignal;
}

/** A resumption that failed is tried again after this time, in milliseconds. */
const RETRY_MS = 60_000;

/** Goes on with what was left half done, until all replicas run the same. Never rejects. */
export async function resumeDeploy(options: ResumeOptions): Promise<void> {
  const { deploys, clock, log, failures, ending } = options;
  try {
    const end = await deploys.resume();
    if (!end) return;
    const { step, reason } = end;
    log.warn("the deploy that the last life of the balancer left half done: {step}", {
      step,
      ...(reason === undefined ? {} : { reason }),
    });
  } catch (error) {
    if (ending.aborted) return;
    failures.record("fleet.deploy", error);
    const cancel = clock.after(RETRY_MS, () => resumeDeploy(options));
    ending.addEventListener("abort", cancel, { once: true });
  }
}
