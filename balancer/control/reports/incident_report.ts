/**
 * An incident as `GET /_lb/incidents` shows it.
 *
 * @module
 */
import type { Incident as IncidentReport } from "../../answers/incident.ts";
import type { Incident } from "../../fleet/incidents/incident.ts";

/**
 * Returns the report of an incident.
 *
 * @param incident the incident
 */
export function reportIncident(incident: Incident): IncidentReport {
  const { id, name, at, signal, evidence, replacement, spare, costs } = incident;
  const after = (time: number | undefined) => time === undefined ? null : time - at;
  return {
    id,
    name,
    at: new Date(at).toISOString(),
    endedAt: incident.endedAt === undefined ? null : new Date(incident.endedAt).toISOString(),
    signal,
    exit: incident.exit ?? null,
    lastWords: [...incident.outputTail ?? []],
    served: incident.served,
    failedStarts: incident.failedStarts,
    startFailure: incident.startFailure ?? null,
    evidence,
    instance: incident.instance ?? null,
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
    requests: costs,
  };
}
