/**
 * Records each failure while it is healed, and keeps the last records.
 *
 * @module
 */
import type { Clock } from "../../clock.ts";
import type { Evidence, FailureCost } from "../../view.ts";
import { type Ending, inView, isLeaving, isReplica, type Member } from "../member/member.ts";
import type { Observation } from "../member/observation.ts";
import type { EventLog, FleetEvent } from "./event_log.ts";
import { addCosts, type Incident, NO_COSTS } from "./incident.ts";

/** Number of incidents that are kept, the newest. */
const KEPT = 100;

/** Evidence older than this, in milliseconds, does not belong to a failure now. */
const EVIDENCE_MS = 2000;

/**
 * Workers report costs up to a tick late: within this time after the end of an incident, in
 * milliseconds, they still belong to it.
 */
const TOLL_MS = 2000;

/** Delay before a closed incident is logged, so that late worker reports are included. */
const LOG_DELAY_MS = 200;

interface Seen {
  readonly firstAt: number;
  readonly lastAt: number;
  readonly counts: Readonly<Record<string, number>>;
}

/** An open or closed incident, with the versions of the views that mark its steps. */
interface Open {
  incident: Incident;
  /**
   * Difference between a date and an instant of the fleet's clock, fixed for the whole incident.
   */
  readonly offset: number;
  ejectVersion?: number;
  releaseVersion?: number;
}

/** The failures of a fleet. Methods take instants of the fleet's clock; records hold dates. */
export class Incidents {
  readonly #clock: Pick<Clock, "wallClock">;
  readonly #onEnd: (incident: Incident) => void;
  readonly #seen = new Map<string, Seen>();
  readonly #open = new Map<string, Open>();
  #closed: Open[] = [];
  #count = 0;

  /**
   * @param clock dates the incidents
   * @param onEnd called with each incident that is closed
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

  /** The kept incidents, the newest first. */
  get all(): readonly Incident[] {
    return [...this.#closed, ...this.#open.values()]
      .map(({ incident }) => incident)
      .sort((a, b) => b.id - a.id);
  }

  /** Returns an incident by its number; undefined if it is no longer kept. */
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
      case "costs":
        return this.count(event.costs, event.at);
      case "ended":
        return this.ended(event.instance, event.ending);
    }
  }

  /** The data plane reported evidence. */
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

  /** The engine begins to create an instance. */
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

  /** Every worker routes by this version, or by a later one. */
  applied(version: number, now: number): void {
    for (const open of this.#open.values()) {
      const { ejectVersion = Infinity, releaseVersion = Infinity, incident, offset } = open;
      if (ejectVersion >= 0 && version >= ejectVersion) {
        open.incident = { ...incident, unroutedAt: incident.unroutedAt ?? now + offset };
      }
      if (version >= releaseVersion) this.#end(open, now, { releasedAt: now + offset });
    }
  }

  /** Workers reported what failures cost requests. */
  count(costs: readonly FailureCost[], now: number): void {
    for (const { name, ...cost } of costs) {
      const open = this.#open.get(name) ?? this.#closedRecently(name, now);
      if (!open) continue;
      open.incident = { ...open.incident, costs: addCosts(open.incident.costs, cost) };
    }
  }

  /**
   * The engine reported how an instance ended, or what it wrote last.
   *
   * @param instance id of the instance; its incident may be closed
   * @param ending the known facts; other facts of the incident stay
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
      // No view contained the replica, so there is no view without it to wait for.
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
      costs: NO_COSTS,
      ...facts,
    };
    return { incident, offset };
  }

  /** The replica failed again, or is removed, before it was ready. */
  #abandon(name: string, now: number): void {
    const open = this.#open.get(name);
    if (!open) return;
    this.#end(open, now, open.incident.readyAt ? { releasedAt: now + open.offset } : {});
  }

  #end(open: Open, now: number, changes: Partial<Incident>): void {
    open.incident = { ...open.incident, ...changes, endedAt: now + open.offset };
    this.#open.delete(open.incident.name);
    this.#closed.push(open);
    if (this.#closed.length > KEPT) this.#closed = this.#closed.slice(-KEPT);
    this.#onEnd(open.incident);
  }
}
