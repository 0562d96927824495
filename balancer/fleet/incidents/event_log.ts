/**
 * The log of what happens to the fleet. The writer adds every event; API clients, metrics and
 * traces listen to the logged ones, and the fleet's own watchers subscribe to all of them.
 *
 * @module
 */
import type { Clock } from "../../clock.ts";
import type { Member, Phase } from "../member/member.ts";
import type { Observation } from "../member/observation.ts";
import type { Incident } from "./incident.ts";

/** A logged event, at an instant of the fleet's clock in milliseconds. */
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
      /** Time that the new instance has to stay ready, in milliseconds. */
      readonly forMs?: number;
      readonly reason?: string;
    }
  );

/** A logged event with its sequence number. `at` is a date, in milliseconds since the epoch. */
export type EventLogEntry = FleetEvent & { readonly id: number };

/** A part of the fleet that watches and changes no member. */
type Subscriber = (event: FleetEvent | Observation) => void;

/** Number of entries that the log keeps, the newest. */
const KEPT = 256;

/** Keeps the last events and passes each on. */
export class EventLog {
  readonly #clock: Pick<Clock, "wallClock">;
  readonly #listeners = new Set<(entry: EventLogEntry) => void>();
  readonly #subscribers: Subscriber[] = [];
  #entries: EventLogEntry[] = [];
  #count = 0;

  /** @param clock dates the entries */
  constructor(clock: Pick<Clock, "wallClock">) {
    this.#clock = clock;
  }

  /**
   * Logs an event, then calls listeners and subscribers.
   *
   * @param event the event, at an instant of the fleet's clock
   */
  add(event: FleetEvent): void {
    const entry = { ...event, at: this.#clock.wallClock(event.at), id: ++this.#count };
    this.#entries.push(entry);
    if (this.#entries.length > 2 * KEPT) this.#entries = this.#entries.slice(-KEPT);
    for (const listener of [...this.#listeners]) listener(entry);
    this.#publish(event);
  }

  /**
   * Passes an observation to subscribers. Only a change of phase is logged as well.
   *
   * @param observation the observation, at an instant of the fleet's clock
   */
  note(observation: Observation): void {
    if (observation.type === "changed") {
      const { before, after, at } = observation;
      if (before.phase !== after?.phase) this.add(phaseChange(before, after, at));
    }
    this.#publish(observation);
  }

  /** Returns the kept entries after the one with this sequence number. */
  since(id: number): readonly EventLogEntry[] {
    return this.#entries.filter((entry) => entry.id > id);
  }

  /**
   * Calls the listener for every entry from now on.
   *
   * @returns removes the listener
   */
  listen(listener: (entry: EventLogEntry) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Calls the subscriber for every event and observation from now on, in order of subscription. */
  subscribe(subscriber: Subscriber): void {
    this.#subscribers.push(subscriber);
  }

  #publish(event: FleetEvent | Observation): void {
    for (const subscriber of this.#subscribers) subscriber(event);
  }
}

function phaseChange(before: Member, after: Member | undefined, at: number): FleetEvent {
  const instance = (after?.instance ?? before.instance)?.id;
  const failed = after?.lastError !== undefined && after.lastError !== before.lastError;
  return {
    type: "replica",
    at,
    name: before.name,
    from: before.phase,
    to: after?.phase ?? "gone",
    ...(instance === undefined ? {} : { instance }),
    ...(failed ? { reason: after.lastError.message } : {}),
  };
}
