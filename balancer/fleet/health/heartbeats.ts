/**
 * Runs one heartbeat loop for each instance that needs one.
 *
 * @module
 */
import type { FailureLog } from "../../failures.ts";
import type { Clock } from "../../clock.ts";
import { launchName, type Member } from "../member/member.ts";
import type { FleetPolicy } from "../member/policy.ts";
import { cadence, type Miss, type Probe, ProbeLoop } from "./probe.ts";
import { SlotTimer } from "./slot_timer.ts";

/** Dependencies of {@linkcode Heartbeats}. */
interface HeartbeatsOptions {
  readonly policy: FleetPolicy;
  readonly probe: Probe;
  readonly clock: Clock;
  readonly failures: FailureLog;
  /** Returns the present state of a member. */
  readonly member: (name: string) => Member | undefined;
  /** Called with each outcome; `miss` is set if the heartbeat failed. */
  readonly report: (name: string, id: string, miss: Miss | undefined) => void;
}

/** A loop, and the instance's name when the loop began. */
interface NamedLoop {
  readonly name: string;
  readonly loop: ProbeLoop;
}

/** The heartbeat loops of a fleet, by instance. */
export class Heartbeats {
  readonly #options: HeartbeatsOptions;
  readonly #loops = new Map<string, NamedLoop>();
  readonly #slots: SlotTimer;

  constructor(options: HeartbeatsOptions) {
    this.#options = options;
    this.#slots = new SlotTimer(options.clock);
  }

  /** Starts and ends loops, so that exactly the instances that need heartbeats have one. */
  sync(members: Iterable<Member>): void {
    const { policy } = this.#options;
    const needed = new Map<string, Member>();
    for (const member of members) {
      if (member.instance && needsHeartbeats(member, policy)) {
        needed.set(member.instance.id, member);
      }
    }
    for (const [id, { name }] of this.#loops) if (needed.get(id)?.name !== name) this.#end(id);
    for (const [id, member] of needed) if (!this.#loops.has(id)) this.#begin(id, member);
  }

  /** Sends the next heartbeat of an instance now. */
  probeNow(id: string): void {
    this.#loops.get(id)?.loop.probeNow();
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
      slots: this.#slots,
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
 * Reports whether an instance needs heartbeats. Without probes the fleet only connects: to a new
 * instance until it accepts, which distinguishes a slow start from a failure, and to one that is
 * down, which is then tried again or replaced.
 */
function needsHeartbeats({ phase, reached, mustReplace }: Member, policy: FleetPolicy): boolean {
  if (policy.probes) return phase === "warming" || phase === "ready" || phase === "down";
  if (!policy.replaces) return false;
  return phase === "ready" ? !reached : phase === "down" && !mustReplace;
}
