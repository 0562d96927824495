/**
 * What the two ways of starting a balancer have in common.
 *
 * @module
 */

/** What is to be started. */
export interface UpRequest {
  readonly replicas: number;
  readonly port: number;
  /** Where it answers all calls. */
  readonly url: string;
  readonly fleet: string;
  readonly takeOver: boolean;
  /** Told of every step. */
  readonly progress: (line: string) => void;
}

/** A balancer that was started and need not answer yet. */
export interface Started {
  /** Why it will never be ready, in words; undefined while there is hope. */
  readonly trouble: () => Promise<string | undefined>;
  /** The last lines of its log. */
  readonly log: () => Promise<string>;
}

/** How many lines of a log are shown when a start failed. */
export const LOG_LINES = 20;
