/**
 * A contestant: a load balancer between the clients and the replicas that heals.
 *
 * @module
 */
import type { Incident } from "../harness/balancer.ts";
import type { RingWatch } from "./ring_watch.ts";
import type { Room } from "./room.ts";

/** One contestant. */
export interface Contestant {
  /** The name that `--only` takes. */
  readonly name: string;
  /** A description for readers. */
  readonly about: string;
  readonly kind: "own" | "peer";
  /** Seconds that a replica of it needs between two failures, where it heals slower without. */
  readonly rest?: number;
  /** Starts it with its replicas. @throws {Missing} this machine lacks something that it needs */
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
  /** Whether all replicas and spares are ready. */
  readonly whole: () => Promise<boolean>;
  /** Equal if no key moved; undefined if the contestant has no digest. */
  readonly digest: () => Promise<string | undefined>;
  /** Its own record of an instance's failure, where it keeps one. */
  readonly incident: (instance: string) => Promise<Incident | undefined>;
}

/** Replicas of every contestant. */
export const REPLICAS = 3;

/** Their names. */
export const NAMES: readonly string[] = Array.from(
  { length: REPLICAS },
  (_, at) => `Server${at + 1}`,
);
