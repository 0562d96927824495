/**
 * Keeps a record of each failure while it is healed, and the last of them afterwards.
 *
 * @module
 */
import type { Clock } from "../../clock.ts";
import type { Evidence, Toll } from "../../view.ts";
import { type Ending, inView, isLeaving, isReplica, type Member } from "../member/member.ts";
import type { Observation } from "../member/observation.ts";
import type { EventLog, FleetEvent } from "./event_log.ts";
import { addTolls, type Incident, NO_TOLL } from "./incident.ts";

/** How many incidents are kept, the newest. */
const KEPT = 100;

/** Evidence older than this, in milliseconds, has nothing to do with a failure now. */
const EVIDENCE_MS = 2000;

/** Tolls come up to a tick late: within this time after its end they still belong to an incident. */
const TOLL_MS = 2000;

/** Delay before a closed incident is logged, so that late worker reports are included. */
const LOG_DELAY_MS = 200;

interface Seen {
  readonly firstAt: number;
  readonly lastAt: number;
  readonly counts: Readonly<Record<string, number>>;
}

/** An incident, and the views that stand for its steps. */
interface Open {
  incident: Incident;
  /** From an instant of the fleet's clock to its date: one for the whole incident. */
  readonly offset: number;
  ejectVersion?: number;
  releaseVersion?: number;
}

/** The failures of a fleet. It is given instants of the fleet's clock and tells dates. */
export class Incidents {
  readonly #clock: Pick<Clock, "wallClock">;
  readonly #onEnd: (incident: Incident) => void;
  readonly #seen = new Map<string, Seen>();
  readonly #open = new Map<string, Open>();
  #closed: Open[] = [];
  #count = 0;

  /**
   * @param clock dates the incidents
   * @param onEnd told of each incident that came to its end
   */
  constructor(clock: Pick<Clock, "wallClock">, onEnd: (incident: Incident) => void) {
    this.#clock = clock;
    this.#onEnd = onEnd;
  }

  /**
   * Creates the incidents of a fleet. Each one is logged once it is closed and late worker reports
   * are included.
   */
  static of(eventLog: Pick<EventLog, "add">, clock: Clock): Incidents {
    const incidents = new Incidents(clock, ({ id }) => {
      clock.after(LOG_DELAY_MS, () => {
        const incident = incidents.find(id);
        if (incident) eventLog.add({ type: "incident", at: clock.now(), incident });
      });
    });
    return incidents;
  }

  /** All that are kept, the newest first. */
  get all(): readonly Incident[] {
    return [...this.#closed, ...this.#open.values()]
      .map(({ incident }) => incident)
      .sort((a, b) => b.id - a.id);
  }

  /** One by its number; undefined where it is kept no more. */
  find(id: number): Incident | undefined {
    return this.all.find((incident) => incident.id === id);
  }

  /** Takes the events that concern incidents; ignores every other one. */
  handle(event: FleetEvent | Observation): void {
    switch (event.type) {
      case "changed":
        return this.changed(event.before, event.after, event.at);
      case "evidence":
        return this.evidence(event.evidence, event.at);
      case "creating":
        return this.creating(event.name, event.at);
      case "view":
        return this.published(event.version, event.at);
      case "applied":
        return this.applied(event.version, event.at);
      case "tolls":
        return this.count(event.tolls, event.at);
      case "ended":
        return this.ended(event.instance, event.ending);
    }
  }

  /** The data plane noticed something. */
  evidence({ instance, kind }: Evidence, now: number): void {
    for (const [id, { lastAt }] of this.#seen) {
      if (now - lastAt > EVIDENCE_MS) this.#seen.delete(id);
    }
    const before = this.#seen.get(instance) ?? { firstAt: now, lastAt: now, counts: {} };
    const counts = { ...before.counts, [kind]: (before.counts[kind] ?? 0) + 1 };
    this.#seen.set(instance, { firstAt: before.firstAt, lastAt: now, counts });
  }

  /** A member changed. */
  changed(before: Member, after: Member | undefined, now: number): void {
    if (!after || isLeaving(after)) return this.#abandon(before.name, now);
    const { instance } = before;
    if (instance && inView(before) && !inView(after)) this.#begin(before, instance.id, after, now);
    if (after.failedStarts > before.failedStarts) this.#startFailed(before, after, now);
    this.#replaced(before, after, now);
  }

  /** The engine is told to create an instance. */
  creating(name: string, now: number): void {
    const open = this.#open.get(name);
    if (open) open.incident = { ...open.incident, createAt: now + open.offset };
  }

  /** A view was published. */
  published(version: number, now: number): void {
    for (const open of this.#open.values()) {
      if (open.ejectVersion === undefined) {
        open.ejectVersion = version;
        open.incident = { ...open.incident, ejectedAt: now + open.offset };
      } else if (open.incident.readyAt !== undefined) open.releaseVersion ??= version;
    }
  }

  /** Every worker routes by this version, or a later one. */
  applied(version: number, now: number): void {
    for (const open of this.#open.values()) {
      const { ejectVersion = Infinity, releaseVersion = Infinity, incident, offset } = open;
      if (ejectVersion >= 0 && version >= ejectVersion) {
        open.incident = { ...incident, unroutedAt: incident.unroutedAt ?? now + offset };
      }
      if (version >= releaseVersion) this.#end(open, { releasedAt: now + offset });
    }
  }

  /** What became of requests since the last time. */
  count(tolls: readonly Toll[], now: number): void {
    for (const { name, ...toll } of tolls) {
      const open = this.#open.get(name) ?? this.#closedRecently(name, now);
      if (!open) continue;
      open.incident = { ...open.incident, toll: addTolls(open.incident.toll, toll) };
    }
  }

  /**
   * The engine told how an instance ended, or what it wrote last.
   *
   * @param instance the instance, whose incident may be over
   * @param ending what is known; the rest stays as it was
   */
  ended(instance: string, ending: Ending): void {
    for (const open of [...this.#closed, ...this.#open.values()]) {
      if (open.incident.instance === instance) open.incident = { ...open.incident, ...ending };
    }
  }

  #closedRecently(name: string, now: number): Open | undefined {
    return this.#closed.findLast(({ incident, offset }) =>
      incident.name === name && now + offset - (incident.releasedAt ?? incident.at) <= TOLL_MS
    );
  }

  #replaced(before: Member, after: Member, now: number): void {
    const open = this.#open.get(after.name);
    if (!open || !after.instance || after.instance.id === open.incident.instance) return;
    const { incident } = open;
    const at = now + open.offset;
    if (incident.replacement !== after.instance.id) {
      const spare = before.phase === "waiting";
      open.incident = {
        ...incident,
        createAt: incident.createAt ?? at,
        startedAt: at,
        replacement: after.instance.id,
        spare,
      };
    }
    if (inView(after) && !inView(before)) open.incident = { ...open.incident, readyAt: at };
  }

  #begin(before: Member, instance: string, after: Member, now: number): void {
    this.#abandon(before.name, now);
    const seen = this.#seen.get(instance);
    const { message = "replaced", exit } = after.lastError ?? {};
    this.#open.set(
      before.name,
      this.#record(after, now, seen?.firstAt ?? now, {
        instance,
        signal: message,
        evidence: seen?.counts ?? {},
        ...(exit === undefined ? {} : { exit }),
      }),
    );
  }

  /** A start failed: of a replacement, or of a replica that was never ready. */
  #startFailed(before: Member, after: Member, now: number): void {
    if (!isReplica(after)) return;
    const { message = "the start failed", exit, instance } = after.lastError ?? {};
    let open = this.#open.get(after.name);
    if (!open) {
      open = this.#record(after, now, now, {
        signal: message,
        evidence: {},
        ...(instance === undefined ? {} : { instance }),
        ...(exit === undefined ? {} : { exit }),
      });
      // It was in no view: there is none to wait for without it.
      open.ejectVersion = -1;
      this.#open.set(after.name, open);
    }
    const failedStarts = open.incident.failedStarts + after.failedStarts - before.failedStarts;
    open.incident = { ...open.incident, failedStarts, startFailure: message };
  }

  #record(
    member: Member,
    now: number,
    firstAt: number,
    facts: Pick<Incident, "signal" | "evidence"> & Partial<Incident>,
  ): Open {
    const offset = this.#clock.wallClock(now) - now;
    const incident: Incident = {
      id: ++this.#count,
      name: member.name,
      served: member.served,
      failedStarts: 0,
      at: firstAt + offset,
      signalAt: now + offset,
      spare: false,
      toll: NO_TOLL,
      ...facts,
    };
    return { incident, offset };
  }

  /** It failed again, or is removed, before it was well. */
  #abandon(name: string, now: number): void {
    const open = this.#open.get(name);
    if (!open) return;
    this.#end(open, open.incident.readyAt ? { releasedAt: now + open.offset } : {});
  }

  #end(open: Open, changes: Partial<Incident>): void {
    open.incident = { ...open.incident, ...changes };
    this.#open.delete(open.incident.name);
    this.#closed.push(open);
    if (this.#closed.length > KEPT) this.#closed = this.#closed.slice(-KEPT);
    this.#onEnd(open.incident);
  }
}
