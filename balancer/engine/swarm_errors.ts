/**
 * Maps errors of Swarm's API to engine errors. Its statuses are not what one expects: a stale
 * version is 500, and a manager without a leader answers 500 or 503, or not at all.
 *
 * @module
 */
import { errorMessage } from "../failures.ts";
import { isAway, statusOf, toEngineError } from "./docker_errors.ts";
import { EngineError } from "./engine.ts";

/** Phrases of a manager that cannot reach a majority of the managers. */
const WITHOUT_LEADER =
  /does not have a leader|deadline ?exceeded|code = unavailable|lost leadership|raft|too few managers/i;

const NOT_MANAGER = /not a swarm manager|not part of a swarm|not connected to a swarm/i;

/** Commands that make a machine a manager. */
const MANAGER_HINT =
  "`docker swarm init` makes a swarm of one machine; on a worker, `docker node promote NAME`, " +
  "asked of a manager, makes it one";

/**
 * Converts the error of a call.
 *
 * @param action the call, for the message
 * @param error error of the call
 */
export function toSwarmError(action: string, error: unknown): EngineError {
  const own = toEngineError(action, error);
  if (isAway(error) || own.kind === "away") return own;
  if (isNotManager(own)) {
    const message =
      `${own.message}; LB_ENGINE=swarm and LB_STORE=swarm need a manager of a swarm: ${MANAGER_HINT}`;
    return new EngineError("away", message, { cause: error });
  }
  const lost = (statusOf(own) ?? 0) >= 500 && WITHOUT_LEADER.test(own.message);
  return lost ? new EngineError("away", own.message, { cause: error }) : own;
}

/** Reports whether the machine that was asked is not a manager of a swarm. */
export function isNotManager(error: unknown): boolean {
  return NOT_MANAGER.test(errorMessage(error));
}

/** Reports whether an update was refused because another client updated the object first. */
export function isStale(error: unknown): boolean {
  return /out of sequence/i.test(errorMessage(error));
}

/** Reports whether a name exists already. */
export function isNameTaken(error: unknown): boolean {
  return statusOf(error) === 409;
}
