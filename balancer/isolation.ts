/**
 * The reaction of a balancer to the loss of the store that it shares with others.
 *
 * @module
 */
import type { Logger } from "@logtape/logtape";
import type { Cluster } from "./cluster/cluster.ts";
import type { FailureLog } from "./failures.ts";

/** The parts that take part in it. */
interface IsolationParts {
  readonly log: Logger;
  readonly failures: FailureLog;
  readonly dataPlane: {
    /** Resolves when every worker refuses requests, or serves them again. */
    isolate(isolated: boolean): Promise<void>;
  };
}

/**
 * Applies `LB_ISOLATED` from now on.
 *
 * @param cluster the balancers that share the store
 * @param rule `refuse` answers requests with 503 as long as the store is lost
 * @param parts the log and the data plane
 */
export function applyIsolation(
  cluster: Cluster,
  rule: "serve" | "refuse",
  { log, failures, dataPlane }: IsolationParts,
): void {
  const refuses = rule === "refuse";
  cluster.onIsolation = (isolated) => {
    if (isolated) {
      log.error("the shared store does not answer: this balancer changes nothing, and {does}", {
        does: refuses ? "refuses requests" : "serves on by the last known state",
      });
    } else log.info("the shared store answers again");
    if (!refuses) return;
    dataPlane.isolate(isolated).catch((error) => failures.record("cluster.isolate", error));
  };
}
