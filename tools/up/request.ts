/**
 * Common parts of the two ways to start a balancer.
 *
 * @module
 */

import type { FleetPlaces } from "../fleet_places.ts";
import type { Lookup } from "./options.ts";
import type { State } from "./state.ts";

/** The balancer to start. */
export interface UpRequest {
  readonly replicas: number;
  readonly port: number;
  /** URL of the service. */
  readonly service: string;
  /** URL that answers all calls. */
  readonly url: string;
  /** The API's own port or socket file, in the form of `LB_ADMIN_LISTEN`; empty for none. */
  readonly listen: string;
  /** The file of the generated admin token; undefined if the balancer generates none. */
  readonly tokenFile: string | undefined;
  readonly places: FleetPlaces;
  readonly takeOver: boolean;
  /** Looks up a setting: in the environment, then in the configuration file. */
  readonly env: Lookup;
  /** Configuration file, absolute; undefined for none. */
  readonly config?: string | undefined;
  /** Called at every step. */
  readonly progress: (line: string) => void;
}

/** A started balancer that may not answer yet. */
export interface Started {
  /** The reason why it will never be ready, in words; undefined while it still may. */
  readonly trouble: () => Promise<string | undefined>;
  /** Work to do once the balancer is ready. */
  readonly ready?: () => Promise<void>;
  /** The last lines of its log. */
  readonly log: () => Promise<string>;
}

/** The number of log lines that are shown after a failed start. */
export const LOG_LINES = 20;

/**
 * Returns the state to save about a balancer.
 *
 * @param request the balancer that is being started
 */
export function stateOf(
  { url, service, places, tokenFile, config }: UpRequest,
): Omit<State, "engine"> {
  return {
    url,
    service,
    fleet: places.fleet,
    ...(tokenFile === undefined ? {} : { tokenFile }),
    ...(config === undefined ? {} : { config }),
  };
}
