/**
 * Keeps a record of each failure while it is healed, and the last of them afterwards.
 *
 * @module
 */
import type { Evidence, Toll } from "../view.ts";
import { addTolls, type Incident, NO_TOLL } from "./incident.ts";
import { inView, isLeaving, type Member } from "./member.ts";

/** So many incidents are kept, the newest. */
const KEPT = 100;

/** Evidence older than this, in milliseconds, has nothing to do with a failure now. */
const EVIDENCE_MS = 2000;

/** Tolls come up to a tick late: so long after the end they still belong to an incident. */
const TOLL_MS = 2000;

interface Seen {
  readonly firstAt: number;
  readonly lastAt: number;
  readonly counts: Readonly<Record<string, number>>;
}

/** An incident, and the views that stand for its steps. */
interface Open {
  incident: Incident;
  ejectVersion?: number;
  releaseVersion?: number;
}

/** The failures of a fleet. */
export class Incidents {
  readonly #onEnd: (incident: Incident) => void;
  readonly #seen = new Map<string, Seen>();
  readonly #open = new Map<string, Open>();
  #ended: Incident[] = [];
  #count = 0;

  /** @param onEnd told of each incident that came to its end */
  constructor(onEnd: (incident: Incident) => void) {
    this.#onEnd = onEnd;
  }

  /** All that are kept, the newest first. */
  get all(): readonly Incident[] {
    const open = [...this.#open.values()].map(({ incident }) => incident);
    return [...this.#ended, ...open].sort((a, b) => b.id - a.id);
  }

  /** One by its number; undefined where it is kept no more. */
  find(id: number): Incident | undefined {
    return this.all.find((incident) => incident.id === id);
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
    const open = this.#open.get(after.name);
    if (!open || !after.instance || after.instance.id === open.incident.instance) return;
    const { incident } = open;
    if (incident.replacement !== after.instance.id) {
      const spare = before.phase === "waiting";
      open.incident = {
        ...incident,
        createAt: incident.createAt ?? now,
        startedAt: now,
        replacement: after.instance.id,
        spare,
      };
    }
    if (inView(after) && !inView(before)) open.incident = { ...open.incident, readyAt: now };
  }

  /** The engine is told to create an instance. */
  creating(name: string, now: number): void {
    const open = this.#open.get(name);
    if (open) open.incident = { ...open.incident, createAt: now };
  }

  /** A view was published. */
  published(version: number, now: number): void {
    for (const open of this.#open.values()) {
      if (open.ejectVersion === undefined) {
        open.ejectVersion = version;
        open.incident = { ...open.incident, ejectedAt: now };
      } else if (open.incident.readyAt !== undefined) open.releaseVersion ??= version;
    }
  }

  /** Every worker routes by this version, or a later one. */
  applied(version: number, now: number): void {
    for (const open of this.#open.values()) {
      const { ejectVersion = Infinity, releaseVersion = Infinity, incident } = open;
      if (version >= ejectVersion) {
        open.incident = { ...incident, unroutedAt: incident.unroutedAt ?? now };
      }
      if (version >= releaseVersion) this.#end({ ...open.incident, releasedAt: now });
    }
  }

  /** What became of requests since the last time. */
  count(tolls: readonly Toll[], now: number): void {
    for (const { name, ...toll } of tolls) {
      const open = this.#open.get(name);
      if (open) open.incident = withToll(open.incident, toll);
      else {
        const at = this.#ended.findLastIndex((one) =>
          one.name === name && now - (one.releasedAt ?? one.at) <= TOLL_MS
        );
        const late = this.#ended[at];
        if (late) this.#ended[at] = withToll(late, toll);
      }
    }
  }

  #begin(before: Member, instance: string, after: Member, now: number): void {
    this.#abandon(before.name, now);
    const seen = this.#seen.get(instance);
    this.#open.set(before.name, {
      incident: {
        id: ++this.#count,
        name: before.name,
        instance,
        signal: after.lastError?.message ?? "replaced",
        evidence: seen?.counts ?? {},
        at: seen?.firstAt ?? now,
        signalAt: now,
        spare: false,
        toll: NO_TOLL,
      },
    });
  }

  /** It failed again, or is removed, before it was well. */
  #abandon(name: string, now: number): void {
    const open = this.#open.get(name);
    if (open) {
      this.#end(open.incident.readyAt ? { ...open.incident, releasedAt: now } : open.incident);
    }
  }

  #end(incident: Incident): void {
    this.#open.delete(incident.name);
    this.#ended.push(incident);
    if (this.#ended.length > KEPT) this.#ended = this.#ended.slice(-KEPT);
    this.#onEnd(incident);
  }
}

function withToll(incident: Incident, toll: Omit<Toll, "name">): Incident {
  return { ...incident, toll: addTolls(incident.toll, toll) };
}
