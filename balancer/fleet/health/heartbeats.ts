/**
 * Keeps one heartbeat loop for each instance that wants one.
 *
 * @module
 */
import type { FailureLog } from "../../failures.ts";
import type { Clock } from "../../clock.ts";
import { launchName, type Member } from "../member/member.ts";
import type { FleetPolicy } from "../member/policy.ts";
import { cadence, type Miss, type Probe, ProbeLoop } from "./probe.ts";

/** What {@linkcode Heartbeats} are made of. */
export interface HeartbeatsOptions {
  readonly policy: FleetPolicy;
  readonly probe: Probe;
  readonly clock: Clock;
  readonly failures: FailureLog;
  /** The present state of a replica. */
  readonly member: (name: string) => Member | undefined;
  /** Told of each outcome; `miss` is set where a heartbeat was missed. */
  readonly report: (name: string, id: string, miss: Miss | undefined) => void;
}

/** A loop, and the name that the instance had when it began. */
interface NamedLoop {
  readonly name: string;
  readonly loop: ProbeLoop;
}

/** The heartbeat loops of a fleet, by instance. */
export class Heartbeats {
  readonly #options: HeartbeatsOptions;
  readonly #loops = new Map<string, NamedLoop>();

  constructor(options: HeartbeatsOptions) {
    this.#options = options;
  }

  /** Begins and ends loops so that every instance worth asking has one. */
  tend(members: Iterable<Member>): void {
    const { policy } = this.#options;
    const wanted = new Map<string, Member>();
    for (const member of members) {
      if (member.instance && wantsHeartbeats(member, policy)) {
        wanted.set(member.instance.id, member);
      }
    }
    for (const [id, { name }] of this.#loops) if (wanted.get(id)?.name !== name) this.#end(id);
    for (const [id, member] of wanted) if (!this.#loops.has(id)) this.#begin(id, member);
  }

  /** Sends the next heartbeat of an instance now. */
  hurry(id: string): void {
    this.#loops.get(id)?.loop.hurry();
  }

  /** Ends every loop. */
  close(): void {
    for (const id of this.#loops.keys()) this.#end(id);
  }

  #begin(id: string, member: Member): void {
    const { name, instance } = member;
    if (!instance) return;
    const { clock, policy, probe, report, failures } = this.#options;
    const loop = new ProbeLoop({
      address: instance.address,
      name: member.spare ? undefined : launchName(member),
      probe,
      clock,
      cadence: () => {
        const member = this.#options.member(name);
        return member
          ? cadence(member, clock.now(), policy)
          : { intervalMs: policy.heartbeatMs, deadlineMs: policy.heartbeatTimeoutMs };
      },
      report: (miss) => report(name, id, miss),
      failures,
    });
    this.#loops.set(id, { name, loop });
  }

  #end(id: string): void {
    this.#loops.get(id)?.loop.close();
    this.#loops.delete(id);
  }
}

/**
 * Without probes the fleet only connects: to a new instance until it accepts, so that a slow start
 * is told from a failure, and to one that is down, which is tried again or replaced.
 */
function wantsHeartbeats({ phase, reached, mustReplace }: Member, policy: FleetPolicy): boolean {
  if (policy.probes) return phase === "warming" || phase === "ready" || phase === "down";
  if (!policy.replaces) return false;
  return phase === "ready" ? !reached : phase === "down" && !mustReplace;
}
