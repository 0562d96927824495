/**
 * An incident as `GET /_lb/incidents` shows it.
 *
 * @module
 */
import type { Incident } from "../fleet/incident.ts";

/** An incident for people: one time, and everything else in milliseconds after it. */
export interface IncidentReport {
  readonly id: number;
  readonly name: string;
  /** The first sign, ISO 8601. */
  readonly at: string;
  readonly signal: string;
  readonly evidence: Readonly<Record<string, number>>;
  readonly instance: string;
  readonly replacement: string | null;
  readonly spare: boolean;
  /** Milliseconds after the first sign; null for what has not happened. */
  readonly timings: {
    /** The signal that decided it. */
    readonly signal: number;
    /** A view without the instance was published. */
    readonly eject: number | null;
    /** Every worker routed by it. */
    readonly unrouted: number | null;
    /** The engine was told to create the replacement, or a spare stood in. */
    readonly create: number | null;
    readonly started: number | null;
    /** The replacement passed its first heartbeat. */
    readonly ready: number | null;
    /** Every worker routed to it: who waited was let go. */
    readonly release: number | null;
  };
  /** What became of requests. */
  readonly requests: Incident["toll"];
}

/**
 * The report of an incident.
 *
 * @param incident the incident
 */
export function reportIncident(incident: Incident): IncidentReport {
  const { id, name, at, signal, evidence, instance, replacement, spare, toll } = incident;
  const after = (time: number | undefined) => time === undefined ? null : time - at;
  return {
    id,
    name,
    at: new Date(at).toISOString(),
    signal,
    evidence,
    instance,
    replacement: replacement ?? null,
    spare,
    timings: {
      signal: incident.signalAt - at,
      eject: after(incident.ejectedAt),
      unrouted: after(incident.unroutedAt),
      create: after(incident.createAt),
      started: after(incident.startedAt),
      ready: after(incident.readyAt),
      release: after(incident.releasedAt),
    },
    requests: toll,
  };
}
