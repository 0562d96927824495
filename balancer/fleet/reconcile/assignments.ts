/**
 * The instance of each replica, as the balancer that heals publishes it to the others. They route to
 * these instances, probe them, and start and stop nothing.
 *
 * @module
 */
import type { SharedStore } from "../../cluster/shared_store.ts";
import type { EngineErrorKind, Instance } from "../../engine/engine.ts";
import type { FailureLog } from "../../failures.ts";
import { isLeaving, isReplica, type Member } from "../member/member.ts";
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
  readonly failures: FailureLog;
}

/** A replica in the record. */
interface Assignment {
  readonly instance?: Instance;
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
}

/** Number of ended instances that are remembered, so that an old record does not bring one back. */
const ENDED = 256;

/** Publishes the assignments, or follows them. */
export class Assignments {
  readonly #options: AssignmentsOptions;
  readonly #ended = new Set<string>();
  #record: AssignmentRecord | undefined;
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

  /** Publishes the members' instances if they changed; inside the writer. */
  publish(): void {
    const { roster, mayHeal, tenure } = this.#options;
    if (!mayHeal() || this.#closed) return;
    const members = roster.all.filter((member) => isReplica(member) && !isLeaving(member));
    const replicas = Object.fromEntries(members.map((one) => [one.name, assignmentOf(one)]));
    this.#due = JSON.stringify({ by: tenure(), replicas });
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
    if (this.#options.mayHeal()) return;
    for (const [name, assignment] of Object.entries(this.#record?.replicas ?? {})) {
      const member = this.#options.roster.get(name);
      if (member && !isLeaving(member)) this.#assign(member, assignment);
    }
  }

  /** Ends publishing. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#publishing;
  }

  #assign(member: Member, { instance, ready, restarts, error }: Assignment): void {
    const { roster, dispatcher } = this.#options;
    const { name } = member;
    if (member.restarts !== restarts) roster.set({ ...member, restarts });
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

  async #save(): Promise<void> {
    const { store, failures } = this.#options;
    try {
      while (this.#due !== this.#stored && this.#options.mayHeal()) {
        const text = this.#due;
        const result = await store.save(text, this.#epoch);
        if (result.done) {
          this.#stored = text;
          this.#epoch = result.epoch;
          this.#record = JSON.parse(text);
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
          this.#epoch = found.epoch;
          this.#stored = found.value;
          this.#record = JSON.parse(found.value);
          this.apply();
        });
      } while (this.#refreshAgain);
    } catch (error) {
      failures.record("cluster.assign", error);
    }
  }
}

function assignmentOf({ instance, phase, restarts, lastError }: Member): Assignment {
  const facts = { ready: phase === "ready", restarts };
  if (instance) return { instance, ...facts };
  if (!lastError || (!lastError.kind && !lastError.gaveUp)) return facts;
  const { message, kind, gaveUp } = lastError;
  return { ...facts, error: { message, ...(kind && { kind }), ...(gaveUp && { gaveUp }) } };
}
