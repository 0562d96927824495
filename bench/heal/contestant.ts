/**
 * What every contestant has in common.
 *
 * @module
 */
import type { Incident } from "../harness/balancer.ts";
import type { RingWatch } from "./ring_watch.ts";
import type { Room } from "./room.ts";

/** What stands between the clients and the replicas, and heals. */
export interface Contestant {
  /** The name that the option knows. */
  readonly name: string;
  /** What it is, for readers. */
  readonly about: string;
  readonly kind: "own" | "peer";
  /** Seconds that a replica of it needs between two failures, where it heals slower without. */
  readonly rest?: number;
  /** Starts it with its replicas; fails with what is missing. */
  readonly start: (room: Room) => Promise<Running>;
}

/** A contestant at work. */
export interface Running extends AsyncDisposable {
  /** The public port. */
  readonly port: number;
  readonly ring: RingWatch;
  /** The instance under a name: a container or a process. */
  readonly instanceOf: (name: string) => Promise<string>;
  /** The process of an instance, as this machine numbers it. */
  readonly pidOf: (instance: string) => Promise<number>;
  /** Whether everything is as it should be, spares included. */
  readonly whole: () => Promise<boolean>;
  /** What the ring is, where it says so: equal when no key moved. */
  readonly digest: () => Promise<string | undefined>;
  /** Its own record of an instance's failure, where it keeps one. */
  readonly incident: (instance: string) => Promise<Incident | undefined>;
}

/** How many replicas every contestant has. */
export const REPLICAS = 3;

/** Their names. */
export const NAMES: readonly string[] = Array.from(
  { length: REPLICAS },
  (_, at) => `Server${at + 1}`,
);
