/**
 * The members of the fleet, replicas, spares and successors, by name and by instance.
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
  launchName,
  type Member,
  newMember,
} from "../member/member.ts";
import { type FleetPolicy, healthyFloor } from "../member/policy.ts";

/** Dependencies of a {@linkcode Roster}. */
interface RosterOptions {
  readonly clock: Clock;
  readonly policy: FleetPolicy;
  /** Number of replicas on the first start. */
  readonly desired: number;
  /** Upper bound on the number of replicas, in addition to the ring's own capacity. */
  readonly limit: number;
  readonly log: Logger;
}

/** The instances that the engine lists. */
export interface EngineListing {
  readonly running: readonly Instance[];
  readonly remains: readonly Remains[];
  /** When the list was requested, an instant of the fleet's clock in milliseconds. */
  readonly askedAt: number;
}

/** Number of exits that are remembered for instances that no member has yet. */
const EXITS = 256;

/** The members. Only the fleet's writer changes them. */
export class Roster {
  readonly #options: RosterOptions;
  readonly #members = new Map<string, Member>();
  /** Names by the ids of instances, kept as a hint: see {@linkcode Roster.byInstance}. */
  readonly #namesById = new Map<string, string>();
  readonly #exits = new Map<string, string>();
  #revision = 0;
  /**
   * Highest number of a spare. Numbers are not reused: a promoted spare keeps its old name in the
   * engine until it is renamed.
   */
  #lastSpare = 0;

  constructor(options: RosterOptions) {
    this.#options = options;
  }

  /** Every member, in the order in which they joined. */
  get all(): readonly Member[] {
    return [...this.#members.values()];
  }

  get byName(): ReadonlyMap<string, Member> {
    return this.#members;
  }

  get(name: string): Member | undefined {
    return this.#members.get(name);
  }

  /** Number of changes of members so far. */
  get revision(): number {
    return this.#revision;
  }

  /** Returns the member that has the instance, or that had it and still has to remove it. */
  byInstance(id: string): Member | undefined {
    const hinted = this.#members.get(this.#namesById.get(id) ?? "");
    if (hinted && hasInstance(hinted, id)) return hinted;
    // During a takeover an instance belongs to two members.
    for (const member of this.#members.values()) if (hasInstance(member, id)) return member;
    return undefined;
  }

  /** Machines whose instances failed without an exit, each once. */
  get suspectMachines(): readonly string[] {
    const machines = this.all.flatMap(({ retiring }) =>
      retiring.flatMap(({ suspectMachine = [] }) => suspectMachine)
    );
    return [...new Set(machines)];
  }

  /** Returns the ids of all instances that run, or ran, under a name. */
  instancesNamed(name: string): string[] {
    return this.all.filter((member) => launchName(member) === name).flatMap(instancesOf);
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

  /** Adds a member, unless its name is in use. */
  admit(admission: Admission): void {
    if (this.#members.has(admission.name)) return;
    if (admission.spare) this.#lastSpare = Math.max(this.#lastSpare, numberOf(admission.name));
    this.set(newMember(admission, this.#options.clock.now()));
  }

  /** Remembers the exit of an instance that no member has yet. */
  noteExit(id: string, reason: string): void {
    this.#exits.set(id, reason);
    const [oldest] = this.#exits.keys();
    if (this.#exits.size > EXITS && oldest !== undefined) this.#exits.delete(oldest);
  }

  /**
   * Returns why the instance ended before a member had it, and forgets that; undefined if it did
   * not.
   */
  takeExit(id: string): string | undefined {
    const reason = this.#exits.get(id);
    this.#exits.delete(id);
    return reason;
  }

  /** Reports whether heartbeats or slowness alone may take a replica out of the view. */
  mayEject(): boolean {
    const replicas = this.all.filter(inRing);
    const ready = replicas.filter(inView).length;
    return ready - 1 >= healthyFloor(replicas.length, this.#options.policy);
  }

  /** Adds spares up to the number of the policy. It removes none. */
  keepSpares(template: Template): void {
    const present = this.all.filter((member) => member.spare && !isLeaving(member)).length;
    for (let missing = this.#options.policy.spares - present; missing > 0; missing--) {
      this.admit({ name: `spare.${++this.#lastSpare}`, spare: true, template });
    }
  }

  /**
   * Returns the first members: the saved ones, or else those of existing instances, filled up to
   * the desired number. Names beyond the limit or the ring's capacity are dropped; saved weights
   * count if the ring has room for them.
   *
   * @param listing instances that the engine lists
   * @param desiredState names and weights that were saved, the ring's shape, and the upstreams if
   *   the balancer does not run the instances; those are the members then
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
    this.#options.log.warn("the ring is too small for the saved weights; all weights are 1");
    return new Map();
  }

  /**
   * Returns the ids of members' instances that the engine does not list. Members that changed after
   * the list was requested are skipped.
   */
  missing(running: readonly Instance[], askedAt: number): string[] {
    const ids = new Set(running.map(({ id }) => id));
    return this.all.flatMap(({ instance, since }) =>
      instance && since < askedAt && !ids.has(instance.id) ? [instance.id] : []
    );
  }

  /** Reports whether an instance belongs to no member and is not being started. */
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

/** Returns the number in a spare's name. */
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

/** Orders `Server2` before `Server10`, and before names without a number. */
function byNumber(a: string, b: string): number {
  return a.localeCompare(b, "en", { numeric: true });
}
