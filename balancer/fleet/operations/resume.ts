/**
 * Continues an unfinished deploy when the balancer starts.
 *
 * @module
 */
import type { Logger } from "@logtape/logtape";
import type { FailureLog } from "../../failures.ts";
import type { Clock } from "../../clock.ts";
import type { Deploys } from "./deploy.ts";

/** Dependencies of {@linkcode resumeDeploy}. */
interface ResumeOptions {
  readonly deploys: Pick<Deploys, "resume">;
  readonly clock: Pick<Clock, "after">;
  readonly log: Logger;
  readonly failures: FailureLog;
  /** Aborted when the balancer begins to shut down. */
  readonly ending: AbortSignal;
}

/** Delay before a failed attempt is repeated, in milliseconds. */
const RETRY_MS = 60_000;

/** Continues the deploy until all replicas run the same template. Never rejects. */
export async function resumeDeploy(options: ResumeOptions): Promise<void> {
  const { deploys, clock, log, failures, ending } = options;
  try {
    const end = await deploys.resume();
    if (!end) return;
    const { step, reason } = end;
    log.warn("the unfinished deploy of the previous run ended: {step}", {
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
