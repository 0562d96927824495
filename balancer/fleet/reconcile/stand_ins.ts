/**
 * When spares stand in at one of several balancers: always at the one that heals, and at all of them
 * while none heals. No lock is needed then, because each gives the same spare to the same replica.
 *
 * @module
 */
import type { Cluster } from "../../cluster/cluster.ts";
import { isLeaving, isReplica, type Member } from "../member/member.ts";
import type { Assignments } from "./assignments.ts";
import type { Healing } from "./healing.ts";
import type { StandIns } from "./reconciler.ts";
import type { Roster } from "./roster.ts";

/** Dependencies of {@linkcode StandInRules}. */
interface StandInRulesOptions {
  readonly cluster: Pick<Cluster, "silence">;
  readonly roster: Roster;
  readonly healing: Healing;
  readonly assignments: Assignments;
}

/**
 * Part of the lease without a renewal after which spares stand in. A renewal each sixth may be seen
 * a third late.
 */
const UNLED = 1 / 2;

/** Interval in which a balancer that follows looks whether a spare has to stand in, in milliseconds. */
const LOOK_MS = 50;

/** Decides whether spares stand in. */
export class StandInRules {
  readonly #options: StandInRulesOptions;

  constructor(options: StandInRulesOptions) {
    this.#options = options;
  }

  /** Whether spares may stand in now, and which one for which replica. */
  get present(): StandIns {
    const { cluster, healing, assignments } = this.#options;
    const unled = cluster.silence >= UNLED;
    return {
      allowed: healing.mayHeal || unled,
      reservations: assignments.reservations,
      note: (name, instance) => assignments.noteStandIn(name, instance),
    };
  }

  /**
   * Returns when a spare may stand in because time has passed.
   *
   * @param now instant of the fleet's clock, in milliseconds
   * @returns an instant of the same clock; `Infinity` if no spare can stand in
   */
  next(now: number): number {
    const { roster: { all }, healing } = this.#options;
    const wanted = !healing.mayHeal && all.some(isReadySpare) && all.some(lacksInstance);
    return wanted ? now + LOOK_MS : Infinity;
  }
}

function isReadySpare({ spare, phase }: Member): boolean {
  return spare && phase === "ready";
}

function lacksInstance(member: Member): boolean {
  return isReplica(member) && !isLeaving(member) && member.phase !== "ready";
}
