/**
 * Totals of the fleet's events: the event log keeps only the last events.
 *
 * @module
 */
import { compareRings, type Ring } from "../../ring/mod.ts";
import type { Incident } from "../fleet/incidents/incident.ts";
import type { FleetEvent } from "../fleet/incidents/event_log.ts";
import type { Timings } from "../proxy/stats/counter_snapshot.ts";
import { STEP_COUNT, stepOf } from "../proxy/stats/latency_buckets.ts";

/** The timed steps of a heal. */
const PHASES: Readonly<Record<string, (incident: Incident) => number | undefined>> = {
  eject: ({ unroutedAt }) => unroutedAt,
  create: ({ createAt }) => createAt,
  ready: ({ readyAt }) => readyAt,
  release: ({ releasedAt }) => releasedAt,
};

/** The duration of one step, over all failures. */
interface HealPhase {
  readonly phase: string;
  readonly timings: Timings;
}

/** Totals of the fleet's events. */
export class FleetTotals {
  readonly #ring: () => Ring;
  readonly #heals = new Map(Object.keys(PHASES).map((phase) => [phase, new TimeHistogram()]));
  #last: Ring | undefined;
  #slotsMoved = 0;
  #incidents = 0;

  /** @param ring the ring of the last published view */
  constructor(ring: () => Ring) {
    this.#ring = ring;
  }

  /** Durations of heals so far, from the first sign to the end of each step. */
  get heals(): readonly HealPhase[] {
    return [...this.#heals].map(([phase, timings]) => ({ phase, timings }));
  }

  /** Closed incidents. */
  get incidents(): number {
    return this.#incidents;
  }

  /** Slots that changed their owner after the ring's first member joined. */
  get slotsMoved(): number {
    return this.#slotsMoved;
  }

  /** Counts an event. */
  note(event: FleetEvent): void {
    if (event.type === "view") this.#noteRing(this.#ring());
    if (event.type === "incident") this.#noteIncident(event.incident);
  }

  #noteRing(ring: Ring): void {
    const last = this.#last;
    this.#last = ring;
    if (!last || last.digest === ring.digest || last.members.length === 0) return;
    this.#slotsMoved += Math.round(compareRings(last, ring).share * ring.slots);
  }

  #noteIncident(incident: Incident): void {
    this.#incidents++;
    for (const [phase, timings] of this.#heals) {
      const at = PHASES[phase]?.(incident);
      if (at !== undefined) timings.add(at - incident.at);
    }
  }
}

/** A histogram of times on the latency scale. */
class TimeHistogram implements Timings {
  readonly steps = new Float64Array(STEP_COUNT);
  #sumMs = 0;

  get sumS(): number {
    return this.#sumMs / 1000;
  }

  add(ms: number): void {
    this.steps[stepOf(ms)]! += 1;
    this.#sumMs += ms;
  }
}
