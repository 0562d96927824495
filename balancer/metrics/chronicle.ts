/**
 * What happened to the fleet, added up: the journal keeps its last events only.
 *
 * @module
 */
import { compareRings, type Ring } from "../../ring/mod.ts";
import type { Incident } from "../fleet/incidents/incident.ts";
import type { FleetEvent } from "../fleet/incidents/event_log.ts";
import type { Timings } from "../proxy/stats/counter_snapshot.ts";
import { STEP_COUNT, stepOf } from "../proxy/stats/latency_buckets.ts";

/** Steps of a heal that are timed, and when they were over. */
const PHASES: Readonly<Record<string, (incident: Incident) => number | undefined>> = {
  eject: ({ unroutedAt }) => unroutedAt,
  create: ({ createAt }) => createAt,
  ready: ({ readyAt }) => readyAt,
  release: ({ releasedAt }) => releasedAt,
};

/** How long one step took, over all failures. */
interface HealPhase {
  readonly phase: string;
  readonly timings: Timings;
}

/** Adds up. */
export class Chronicle {
  readonly #ring: () => Ring;
  readonly #heals = new Map(Object.keys(PHASES).map((phase) => [phase, new TimesTaken()]));
  #last: Ring | undefined;
  #slotsMoved = 0;
  #incidents = 0;

  /** @param ring the ring of the view that was published last */
  constructor(ring: () => Ring) {
    this.#ring = ring;
  }

  /** How long heals took so far, from the first sign to the end of each step. */
  get heals(): readonly HealPhase[] {
    return [...this.#heals].map(([phase, timings]) => ({ phase, timings }));
  }

  /** Failures that are over. */
  get incidents(): number {
    return this.#incidents;
  }

  /** Slots that changed their owner since the first replica had them. */
  get slotsMoved(): number {
    return this.#slotsMoved;
  }

  /** Takes note of something that happened. */
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

/** Times in steps of the latency scale. */
class TimesTaken implements Timings {
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
