/**
 * What the two ways of starting a balancer have in common.
 *
 * @module
 */

import type { FleetPlaces } from "../fleet_places.ts";
import type { State } from "./state.ts";

/** What is to be started. */
export interface UpRequest {
  readonly replicas: number;
  readonly port: number;
  /** Where the service is. */
  readonly service: string;
  /** Where it answers all calls. */
  readonly url: string;
  /** The API's own port or socket file, as `LB_ADMIN_LISTEN` has it; empty where it has none. */
  readonly listen: string;
  /** The file of the admin token that the balancer makes; undefined where it makes none. */
  readonly tokenFile: string | undefined;
  readonly places: FleetPlaces;
  readonly takeOver: boolean;
  /** Told of every step. */
  readonly progress: (line: string) => void;
}

/** A balancer that was started and need not answer yet. */
export interface Started {
  /** Why it will never be ready, in words; undefined while there is hope. */
  readonly trouble: () => Promise<string | undefined>;
  /** What there is to do when it is ready. */
  readonly ready?: () => Promise<void>;
  /** The last lines of its log. */
  readonly log: () => Promise<string>;
}

/** How many lines of a log are shown when a start failed. */
export const LOG_LINES = 20;

/**
 * What has to be written down of a balancer.
 *
 * @param request what is started
 */
export function stateOf({ url, service, places, tokenFile }: UpRequest): Omit<State, "engine"> {
  return { url, service, fleet: places.fleet, ...(tokenFile === undefined ? {} : { tokenFile }) };
}
