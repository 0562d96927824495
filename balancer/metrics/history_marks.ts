/**
 * The marks on the history: incidents, deploys, changes of the ring, and outages of the engine.
 *
 * @module
 */
import type { Ring } from "../../ring/mod.ts";
import type { HistoryMark } from "../answers/history.ts";
import type { EventLogEntry } from "../fleet/incidents/event_log.ts";
import type { Incident } from "../fleet/incidents/incident.ts";

/** Number of marks that are kept, the newest. */
const KEPT = 256;

/** Changes of the ring within this time, in milliseconds, are one: a slow start takes ten steps. */
const SAME_CHANGE_MS = 10_000;

/** Last steps of a deploy. */
const DEPLOY_ENDS: ReadonlySet<string> = new Set(["done", "rolled-back"]);

type Mark = { -readonly [K in keyof HistoryMark]: HistoryMark[K] };

/** The sources of marks that are not logged. */
interface MarkSources {
  /** The ring of the last published view. */
  readonly ring: () => Ring;
  /** All kept incidents. */
  readonly incidents: () => readonly Incident[];
}

/** Keeps the last marks. */
export class HistoryMarks {
  readonly #sources: MarkSources;
  #marks: Mark[] = [];
  #count = 0;
  #digest: string | undefined;
  #members = 0;

  constructor(sources: MarkSources) {
    this.#sources = sources;
  }

  /** Takes a logged event. */
  note(entry: EventLogEntry): void {
    switch (entry.type) {
      case "view":
        return this.#changed(entry.at);
      case "incident":
        return this.#add(markOf(entry.incident));
      case "deploy":
        return this.#deployed(entry);
      case "engine":
        return this.#engine(entry.up, entry.at);
    }
  }

  /**
   * The marks that lasted until a date or longer, the oldest first; open incidents included.
   *
   * @param date milliseconds since the epoch
   */
  since(date: number): readonly HistoryMark[] {
    const closed = new Set(this.#marks.map(({ id }) => id));
    const open = this.#sources.incidents().map(markOf).filter(({ id }) => !closed.has(id));
    return [...this.#marks, ...open]
      .filter(({ until }) => until === null || until >= date)
      .sort((a, b) => a.at - b.at)
      .slice(-KEPT);
  }

  #changed(at: number): void {
    const { digest, members, slots } = this.#sources.ring();
    const [before, had] = [this.#digest, this.#members];
    this.#digest = digest;
    this.#members = members.length;
    if (before === undefined || before === digest || had === 0) return;
    const text = had === members.length
      ? `the ring changed, ${slots} slots`
      : `the ring changed, ${had} to ${members.length} replicas`;
    const last = this.#marks.findLast(({ kind }) => kind === "change");
    if (last && at - (last.until ?? 0) < SAME_CHANGE_MS) last.until = at;
    else this.#add({ id: this.#id("change"), kind: "change", at, until: at, name: null, text });
  }

  #deployed({ step, at, reason }: Extract<EventLogEntry, { type: "deploy" }>): void {
    const open = this.#open("deploy");
    const text = `deploy: ${step}${reason ? `, ${reason}` : ""}`;
    const until = DEPLOY_ENDS.has(step) ? at : null;
    if (open) Object.assign(open, { until, text });
    else this.#add({ id: this.#id("deploy"), kind: "deploy", at, until, name: null, text });
  }

  #engine(up: boolean, at: number): void {
    const open = this.#open("engine");
    if (open && up) open.until = at;
    if (open || up) return;
    const text = "the engine did not answer";
    this.#add({ id: this.#id("engine"), kind: "engine", at, until: null, name: null, text });
  }

  #open(kind: Mark["kind"]): Mark | undefined {
    return this.#marks.findLast((mark) => mark.kind === kind && mark.until === null);
  }

  #id(kind: Mark["kind"]): string {
    return `${kind}-${++this.#count}`;
  }

  #add(mark: Mark): void {
    this.#marks.push(mark);
    if (this.#marks.length > KEPT) this.#marks = this.#marks.slice(-KEPT);
  }
}

function markOf({ id, name, at, endedAt, signal }: Incident): Mark {
  return {
    id: `incident-${id}`,
    kind: "incident",
    at,
    until: endedAt ?? null,
    name,
    text: `${name}: ${signal}`,
  };
}
