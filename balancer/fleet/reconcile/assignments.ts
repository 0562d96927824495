/**
 * The instance of each replica and of each spare, as the balancer that heals publishes it to the
 * others. They route to these instances, probe them, and start and stop nothing. While no balancer
 * heals, each gives the published spares to failed replicas by the same rules.
 *
 * @module
 */
import type { SharedStore } from "../../cluster/shared_store.ts";
import type { EngineErrorKind, Instance, Template } from "../../engine/engine.ts";
import type { FailureLog } from "../../failures.ts";
import { isLeaving, isReplica, type Member } from "../member/member.ts";
import { NO_RESERVATIONS, type Reservations, reserve } from "../member/reservations.ts";
import { sameTemplate } from "../spec/template.ts";
import type { Dispatcher } from "./dispatcher.ts";
import type { Roster } from "./roster.ts";

/** Dependencies of {@linkcode Assignments}. */
export interface AssignmentsOptions {
  readonly store: SharedStore;
  readonly roster: Roster;
  readonly dispatcher: Dispatcher;
  /** Runs a step of the fleet's writer. */
  readonly run: (step: () => void) => void;
  /** Whether this balancer heals the fleet, and publishes. */
  readonly mayHeal: () => boolean;
  /** Names this balancer and its tenure, so that each new tenure replaces the record. */
  readonly tenure: () => string;
  /** Returns the fleet's template, which most instances have. */
  readonly template: () => Template;
  readonly failures: FailureLog;
}

/** A replica or a spare in the record. */
interface Assignment {
  readonly instance?: Instance;
  /** Its template, if that is not the fleet's. */
  readonly template?: Template;
  /** Whether it has passed its heartbeat at the balancer that heals. */
  readonly ready: boolean;
  readonly restarts: number;
  /** Why the last start failed; only while there is no instance. */
  readonly error?: {
    readonly message: string;
    readonly kind?: EngineErrorKind;
    readonly gaveUp?: true;
  };
}

interface AssignmentRecord {
  readonly by: string;
  readonly replicas: Readonly<Record<string, Assignment>>;
  /** In the order in which they stand in. */
  readonly spares?: Readonly<Record<string, Assignment>>;
}

/** Number of ended instances that are remembered, so that an old record does not bring one back. */
const ENDED = 256;

/** Publishes the assignments, or follows them. */
export class Assignments {
  readonly #options: AssignmentsOptions;
  readonly #ended = new Set<string>();
  #record: AssignmentRecord | undefined;
  #reservations = NO_RESERVATIONS;
  /** The spares' instances that stand in since the record was written, by replica. */
  readonly #standIns = new Map<string, string>();
  /** All instances that stood in since then, those that failed, too. */
  readonly #taken = new Set<string>();
  #epoch = 0;
  /** The stored text, as far as this balancer knows. */
  #stored = "";
  #due = "";
  #publishing: Promise<void> | undefined;
  #refreshing: Promise<void> | undefined;
  #refreshAgain = false;
  #closed = false;

  constructor(options: AssignmentsOptions) {
    this.#options = options;
  }

  /** Epoch of the record that is published or followed. */
  get epoch(): number {
    return this.#epoch;
  }

  /** Remembers that an instance ended. */
  noteEnd(id: string): void {
    this.#ended.add(id);
    const [oldest] = this.#ended;
    if (this.#ended.size > ENDED && oldest !== undefined) this.#ended.delete(oldest);
  }

  /** The spares that are reserved by the record. */
  get reservations(): Reservations {
    return this.#reservations;
  }

  /**
   * Remembers that a spare stands in for a replica, until the balancer that heals writes the next
   * record.
   */
  noteStandIn(name: string, instance: string): void {
    this.#standIns.set(name, instance);
    this.#taken.add(instance);
  }

  /** Publishes the members' instances if they changed; inside the writer. */
  publish(): void {
    const { roster, mayHeal, tenure } = this.#options;
    if (!mayHeal() || this.#closed) return;
    const members = roster.all.filter((member) => !isLeaving(member));
    const record: AssignmentRecord = {
      by: tenure(),
      replicas: this.#assignmentsOf(members.filter(isReplica)),
      spares: this.#assignmentsOf(members.filter(({ spare }) => spare)),
    };
    this.#due = JSON.stringify(record);
    if (this.#due === this.#stored) return;
    this.#publishing ??= this.#save().finally(() => this.#publishing = undefined);
  }

  /** Waits until the present assignments are published, or another balancer heals. */
  async published(): Promise<number> {
    while (this.#publishing) await this.#publishing;
    return this.#epoch;
  }

  /** Reads the record again, and applies it. Never rejects. */
  refresh(): Promise<void> {
    this.#refreshAgain = this.#refreshing !== undefined;
    this.#refreshing ??= this.#refresh().finally(() => this.#refreshing = undefined);
    return this.#refreshing;
  }

  /** Applies the record to the members, unless this balancer heals; inside the writer. */
  apply(): void {
    if (this.#options.mayHeal() || !this.#record) return;
    const { replicas, spares = {} } = this.#record;
    this.#releaseStandIns();
    for (const [name, assignment] of Object.entries(replicas)) {
      const member = this.#options.roster.get(name);
      if (this.#standIns.has(name) || !member || isLeaving(member)) continue;
      this.#assign(member, assignment);
    }
    const free = Object.entries(spares).filter(([, { instance }]) =>
      !instance || this.#isFree(instance)
    );
    this.#applySpares(Object.fromEntries(free));
  }

  /** Ends publishing. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#publishing;
  }

  /** The spare of a replica that was removed meanwhile is free again. */
  #releaseStandIns(): void {
    for (const [name, id] of this.#standIns) {
      if (this.#options.roster.get(name)) continue;
      this.#standIns.delete(name);
      this.#taken.delete(id);
    }
  }

  /** Whether a spare's instance has neither ended nor become a replica's. */
  #isFree({ id }: Instance): boolean {
    if (this.#ended.has(id) || this.#taken.has(id)) return false;
    return this.#options.roster.byInstance(id)?.spare ?? true;
  }

  #applySpares(spares: Readonly<Record<string, Assignment>>): void {
    const { roster, dispatcher, template } = this.#options;
    for (const member of roster.all.filter(({ spare }) => spare)) {
      if (member.name in spares) continue;
      const { name, instance } = member;
      // Its instance may be a replica's now.
      if (!instance || roster.all.some((one) => !one.spare && one.instance?.id === instance.id)) {
        roster.delete(name);
      } else dispatcher.apply(name, { type: "leave" });
    }
    for (const [name, assignment] of Object.entries(spares)) {
      roster.admit({ name, spare: true, template: assignment.template ?? template() });
      const member = roster.get(name);
      if (member?.spare && !isLeaving(member)) this.#assign(member, assignment);
    }
  }

  #assign(before: Member, assignment: Assignment): void {
    const { roster, dispatcher } = this.#options;
    const { instance, ready, restarts, error, template = this.#options.template() } = assignment;
    const same = before.restarts === restarts && sameTemplate(before.template, template);
    const member = same ? before : { ...before, restarts, template };
    const { name } = member;
    if (!same) roster.set(member);
    if (instance) {
      if (instance.id === member.instance?.id || this.#ended.has(instance.id)) return;
      return dispatcher.apply(name, { type: "moved", instance, answers: ready });
    }
    if (member.instance) {
      const reason = "the balancer that heals replaces it";
      // Not through `dispatch`: an old record says nothing about the end of the instance itself.
      dispatcher.apply(name, { type: "exit", id: member.instance.id, reason });
    }
    const present = roster.get(name);
    if (!error || !present || present.lastError?.message === error.message) return;
    roster.set({ ...present, lastError: { at: present.since, ...error } });
  }

  #assignmentsOf(members: readonly Member[]): Record<string, Assignment> {
    const fleet = this.#options.template();
    return Object.fromEntries(members.map((one) => [one.name, assignmentOf(one, fleet)]));
  }

  /** Spares are reserved by the newest record. */
  #take(text: string, epoch: number): void {
    const { replicas, spares = {} } = this.#record = JSON.parse(text) as AssignmentRecord;
    this.#epoch = epoch;
    const placed = Object.entries(replicas).map(placementOf);
    this.#reservations = reserve(placed, Object.entries(spares).map(placementOf));
  }

  /** Spares that stood in while this balancer's record was saved are in the next one. */
  #forgetPublished(): void {
    for (const [name, id] of this.#standIns) {
      if (this.#record?.replicas[name]?.instance?.id !== id) continue;
      this.#standIns.delete(name);
      this.#taken.delete(id);
    }
  }

  async #save(): Promise<void> {
    const { store, failures } = this.#options;
    try {
      while (this.#due !== this.#stored && this.#options.mayHeal()) {
        const text = this.#due;
        const result = await store.save(text, this.#epoch);
        if (result.done) {
          this.#stored = text;
          this.#take(text, result.epoch);
          this.#forgetPublished();
        } else await this.#adoptEpoch();
      }
    } catch (error) {
      failures.record("cluster.assign", error);
      // The next event of the fleet, or the next look at the store, publishes again.
      this.#stored = "";
    }
  }

  /** Another balancer's record is replaced: it was written before this tenure. */
  async #adoptEpoch(): Promise<void> {
    const found = await this.#options.store.load();
    this.#epoch = found?.epoch ?? 0;
    this.#stored = found?.value ?? "";
  }

  async #refresh(): Promise<void> {
    const { store, run, failures } = this.#options;
    try {
      do {
        this.#refreshAgain = false;
        const found = await store.load();
        if (!found || found.epoch === this.#epoch || this.#closed) continue;
        run(() => {
          if (this.#options.mayHeal()) return;
          this.#stored = found.value;
          this.#take(found.value, found.epoch);
          this.#standIns.clear();
          this.#taken.clear();
          this.apply();
        });
      } while (this.#refreshAgain);
    } catch (error) {
      failures.record("cluster.assign", error);
    }
  }
}

function placementOf([name, { instance }]: [string, Assignment]) {
  return { name, instance: instance?.id, machine: instance?.machine };
}

function assignmentOf(member: Member, fleet: Template): Assignment {
  const { instance, phase, restarts, lastError, template } = member;
  const own = sameTemplate(template, fleet) ? {} : { template };
  const facts = { ready: phase === "ready", restarts, ...own };
  if (instance) return { instance, ...facts };
  if (!lastError || (!lastError.kind && !lastError.gaveUp)) return facts;
  const { message, kind, gaveUp } = lastError;
  return { ...facts, error: { message, ...(kind && { kind }), ...(gaveUp && { gaveUp }) } };
}
