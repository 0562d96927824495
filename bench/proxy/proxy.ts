/**
 * The interface of every participant.
 *
 * @module
 */
import type { Setup } from "./peer_configs.ts";
import type { Command } from "../harness/program.ts";

/** The balancer itself, something to compare it with, or the least that is possible. */
export type Kind = "own" | "peer" | "floor";

/** Something that stands in front of the upstreams. */
export interface Proxy {
  readonly name: string;
  readonly kind: Kind;
  /** Its version; fails with the name of a missing program. */
  readonly version: () => Promise<string>;
  /** How to start it. */
  readonly command: (setup: Setup) => Promise<Command>;
}
