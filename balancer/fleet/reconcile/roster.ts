/**
 * Who belongs to the fleet: the replicas, the spares and the successors, by name and by instance.
 *
 * @module
 */
import type { Logger } from "@logtape/logtape";
import { ringCapacity } from "../../../ring/mod.ts";
import type { Instance, Remains, Template } from "../../engine/engine.ts";
import type { GivenUpstream } from "../../upstream_list.ts";
import { isPossible, type RingShape } from "../spec/ring_spec.ts";
import type { Weights } from "../spec/change.ts";
import type { DesiredState } from "../store/desired_state.ts";
import type { Clock } from "../../clock.ts";
import {
  type Admission,
  inRing,
  inView,
  isLeaving,
  type Member,
  newMember,
} from "../member/member.ts";
import { type FleetPolicy, healthyFloor } from "../member/policy.ts";

/** What a {@linkcode Roster} is made of. */
export interface RosterOptions {
  readonly clock: Clock;
  readonly policy: FleetPolicy;
  /** How many replicas there are to be at first. */
  readonly desired: number;
  /** The most replicas that there may be, however many the ring has room for. */
  readonly limit: number;
  readonly log: Logger;
}

/** What the engine lists. */
export interface EngineListing {
  readonly running: readonly Instance[];
  readonly remains: readonly Remains[];
  /** When the list was requested, an instant of the fleet's clock in milliseconds. */
  readonly askedAt: number;
}

/** So many ends of instances that nobody knows yet are remembered. */
const EXITS = 256;

/** The members of a fleet. Only the fleet's writer changes it. */
export class Roster {
  readonly #options: RosterOptions;
  readonly #members = new Map<string, Member>();
  /** Names by the ids of instances, kept as a hint: see {@linkcode Roster.byInstance}. */
  readonly #namesById = new Map<string, string>();
  readonly #exits = new Map<string, string>();
  #revision = 0;
  /** No spare's name is given twice: one that stood in may bear its own for a moment longer. */
  #lastSpare = 0;

  constructor(options: RosterOptions) {
    this.#options = options;
  }

  /** Everybody, in the order in which they joined. */
  get all(): readonly Member[] {
    return [...this.#members.values()];
  }

  get byName(): ReadonlyMap<string, Member> {
    return this.#members;
  }

  get(name: string): Member | undefined {
    return this.#members.get(name);
  }

  /** Counts the changes of members: as long as the count stays, so do they. */
  get revision(): number {
    return this.#revision;
  }

  /** The member that has the instance now, or had it and has not cleared it away yet. */
  byInstance(id: string): Member | undefined {
    const hinted = this.#members.get(this.#namesById.get(id) ?? "");
    if (hinted && hasInstance(hinted, id)) return hinted;
    // An instance that moves from one member to another belongs to both for a moment.
    for (const member of this.#members.values()) if (hasInstance(member, id)) return member;
    return undefined;
  }

  set(member: Member): void {
    this.#revision++;
    this.#forget(this.#members.get(member.name));
    this.#members.set(member.name, member);
    for (const id of instancesOf(member)) this.#namesById.set(id, member.name);
  }

  delete(name: string): void {
    this.#revision++;
    this.#forget(this.#members.get(name));
    this.#members.delete(name);
  }

  #forget(member: Member | undefined): void {
    if (!member) return;
    for (const id of instancesOf(member)) {
      if (this.#namesById.get(id) === member.name) this.#namesById.delete(id);
    }
  }

  /** Takes a member in, unless its name is there already. */
  admit(admission: Admission): void {
    if (this.#members.has(admission.name)) return;
    if (admission.spare) this.#lastSpare = Math.max(this.#lastSpare, numberOf(admission.name));
    this.set(newMember(admission, this.#options.clock.now()));
  }

  /** Remembers the end of an instance that nobody knows yet. */
  noteExit(id: string, reason: string): void {
    this.#exits.set(id, reason);
    const [oldest] = this.#exits.keys();
    if (this.#exits.size > EXITS && oldest !== undefined) this.#exits.delete(oldest);
  }

  /** Why the instance ended before it was known; undefined where it did not. */
  takeExit(id: string): string | undefined {
    const reason = this.#exits.get(id);
    this.#exits.delete(id);
    return reason;
  }

  /** Whether a heartbeat, or slowness, alone may take a replica out of the view. */
  mayEject(): boolean {
    const replicas = this.all.filter(inRing);
    const ready = replicas.filter(inView).length;
    return ready - 1 >= healthyFloor(replicas.length, this.#options.policy);
  }

  /** Fills the spares up to their number, and dismisses none: those go by themselves. */
  keepSpares(template: Template): void {
    const present = this.all.filter((member) => member.spare && !isLeaving(member)).length;
    for (let missing = this.#options.policy.spares - present; missing > 0; missing--) {
      this.admit({ name: `spare.${++this.#lastSpare}`, spare: true, template });
    }
  }

  /**
   * The first members: those that were kept; else whoever exists already, running or not, filled
   * up to the desired number. More may exist than there is room for, where the settings changed;
   * their weights count where the ring has room for them.
   *
   * @param listing what runs and what does not
   * @param desiredState what was kept by an earlier life of the balancer, the ring's shape, and the
   *   upstreams where somebody else runs them: those are the members then
   */
  restore(
    { running, remains }: EngineListing,
    { loaded, shape, upstreams }: Pick<DesiredState, "loaded" | "shape" | "upstreams">,
  ): Admission[] {
    const { desired, limit, policy } = this.#options;
    const names = upstreams?.map(({ name }) => name) ?? loaded?.names ??
      existing([...running, ...remains], desired, policy);
    const first = names.slice(0, Math.min(limit, ringCapacity(shape)));
    const kept = upstreams ? weightsOf(upstreams) : loaded?.weights ?? {};
    const weights = this.#weights(first, kept, shape);
    const replicas = first.map((name) => ({ name, joined: true, weight: weights.get(name) ?? 1 }));
    const spares = running.filter(({ spare }) => spare).slice(0, policy.spares);
    return [...replicas, ...spares.map(({ name }) => ({ name, spare: true }))];
  }

  #weights(names: readonly string[], kept: Weights, shape: RingShape): ReadonlyMap<string, number> {
    const known = new Map(Object.entries(kept));
    const weights = new Map(names.map((name) => [name, known.get(name) ?? 1]));
    if (isPossible({ weights, shape })) return weights;
    this.#options.log.warn("the ring has no room for the weights that were kept; all are 1 again");
    return new Map();
  }

  /** Ids of instances that should run and do not. What moved after the question is newer. */
  missing(running: readonly Instance[], askedAt: number): string[] {
    const ids = new Set(running.map(({ id }) => id));
    return this.all.flatMap(({ instance, since }) =>
      instance && since < askedAt && !ids.has(instance.id) ? [instance.id] : []
    );
  }

  /** Whether something that does not run is nobody's, and not being started right now. */
  isUnknown({ id, name }: Remains): boolean {
    const starting = this.all.some((member) =>
      member.busy && (member.name === name || member.successorOf === name)
    );
    return !starting && !this.byInstance(id);
  }
}

function hasInstance({ instance, retiring }: Member, id: string): boolean {
  return instance?.id === id || retiring.some((one) => one.id === id);
}

function instancesOf({ instance, retiring }: Member): string[] {
  const ids = retiring.map(({ id }) => id);
  return instance ? [instance.id, ...ids] : ids;
}

function weightsOf(upstreams: readonly GivenUpstream[]): Weights {
  return Object.fromEntries(upstreams.map(({ name, weight }) => [name, weight]));
}

/** The number in a spare's name. */
function numberOf(name: string): number {
  return Number(/\d+$/.exec(name)?.[0] ?? 0);
}

function existing(
  found: readonly Remains[],
  desired: number,
  policy: FleetPolicy,
): string[] {
  const names = new Set(found.filter(({ spare }) => !spare).map(({ name }) => name));
  if (policy.replaces) { for (let k = 1; names.size < desired; k++) names.add(`Server${k}`); }
  return [...names].sort(byNumber);
}

/** `Server2` before `Server10`, and before names without a number. */
function byNumber(a: string, b: string): number {
  return a.localeCompare(b, "en", { numeric: true });
}
