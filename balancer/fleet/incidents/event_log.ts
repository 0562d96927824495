/**
 * What happened to the fleet, one event after the other, for whoever listens.
 *
 * @module
 */
import type { Clock } from "../../clock.ts";
import type { Incident } from "./incident.ts";
import type { Member, Phase } from "../member/member.ts";

/** Something that happened, at an instant of the fleet's clock. */
export type FleetEvent =
  & { readonly at: number }
  & (
    | {
      readonly type: "replica";
      readonly name: string;
      readonly from: Phase | "new";
      readonly to: Phase | "gone";
      readonly instance?: string;
      readonly reason?: string;
    }
    | {
      readonly type: "view";
      readonly version: number;
      readonly ready: readonly string[];
      readonly awaited: readonly string[];
    }
    | { readonly type: "engine"; readonly up: boolean }
    | { readonly type: "incident"; readonly incident: Incident }
    | {
      readonly type: "deploy";
      readonly step: string;
      readonly name?: string;
      /** Milliseconds that the new instance has to stay ready. */
      readonly forMs?: number;
      readonly reason?: string;
    }
  );

/** An event with its place in the order of all; `at` is its date, milliseconds since the epoch. */
export type EventLogEntry = FleetEvent & { readonly id: number };

/** So many of the last events are kept. */
const KEPT = 256;

/** The last events, and who is told of the next. */
export class EventLog {
  readonly #clock: Pick<Clock, "wallClock">;
  readonly #listeners = new Set<(entry: EventLogEntry) => void>();
  #entries: EventLogEntry[] = [];
  #count = 0;

  /** @param clock dates the events */
  constructor(clock: Pick<Clock, "wallClock">) {
    this.#clock = clock;
  }

  /** Takes an event down and tells everybody. */
  add(event: FleetEvent): void {
    const entry = { ...event, at: this.#clock.wallClock(event.at), id: ++this.#count };
    this.#entries.push(entry);
    if (this.#entries.length > 2 * KEPT) this.#entries = this.#entries.slice(-KEPT);
    for (const listener of [...this.#listeners]) listener(entry);
  }

  /** Takes down that a replica went from one phase to another. */
  note(before: Member, after: Member | undefined, at: number): void {
    const instance = (after?.instance ?? before.instance)?.id;
    const failed = after?.lastError !== undefined && after.lastError !== before.lastError;
    this.add({
      type: "replica",
      at,
      name: before.name,
      from: before.phase,
      to: after?.phase ?? "gone",
      ...(instance === undefined ? {} : { instance }),
      ...(failed ? { reason: after.lastError.message } : {}),
    });
  }

  /** The events behind one of the last ones, as far as they are kept. */
  since(id: number): readonly EventLogEntry[] {
    return this.#entries.filter((entry) => entry.id > id);
  }

  /** Tells of every event from now on. @returns ends that */
  listen(listener: (entry: EventLogEntry) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
