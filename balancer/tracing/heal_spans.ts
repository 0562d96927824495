/**
 * Creates a span for each heal, and one for each phase of the heal.
 *
 * @module
 */
import type { Incident } from "../fleet/incidents/incident.ts";
import type { EventLogEntry } from "../fleet/incidents/event_log.ts";
import { type Attributes, fail, type Span, type Tracing } from "./tracing.ts";

/** Milliseconds since the epoch; undefined if the step has not happened. */
type Times = readonly [from: number | undefined, to: number | undefined];

/** The bounds of each phase that has happened. A start does not wait for the ejection. */
const PHASES: readonly [string, (incident: Incident) => Times][] = [
  ["detect", ({ at, signalAt }) => [at, signalAt]],
  ["eject", ({ signalAt, unroutedAt }) => [signalAt, unroutedAt]],
  ["wait", ({ signalAt, createAt }) => [signalAt, createAt]],
  ["start", ({ createAt, startedAt }) => [createAt, startedAt]],
  ["warm", ({ startedAt, readyAt }) => [startedAt, readyAt]],
  ["release", ({ readyAt, releasedAt }) => [readyAt, releasedAt]],
];

/**
 * Creates the spans of closed incidents.
 *
 * @param eventLog the event log, which reports closed incidents
 * @param tracing creates spans
 * @returns stops the creation of spans
 */
export function traceHeals(
  eventLog: { listen(listener: (entry: EventLogEntry) => void): () => void },
  tracing: Tracing,
): () => void {
  return eventLog.listen((entry) => {
    if (entry.type === "incident") healSpan(entry.incident, tracing);
  });
}

/**
 * Creates the spans of a closed incident.
 *
 * @param incident the incident
 * @param tracing creates spans
 */
function healSpan(incident: Incident, tracing: Tracing): void {
  const span = tracing.start("heal", { at: incident.at, attributes: attributesOf(incident) });
  for (const [name, times] of PHASES) phaseSpan(name, times(incident), span, tracing);
  if (incident.releasedAt === undefined) fail(span, "it was not well again before it came to this");
  span.end(endOf(incident));
}

function phaseSpan(
  name: string,
  [from, to]: Times,
  parent: Span,
  tracing: Tracing,
): void {
  if (from !== undefined && to !== undefined) tracing.start(name, { parent, at: from }).end(to);
}

function endOf(
  { signalAt, unroutedAt, createAt, startedAt, readyAt, releasedAt }: Incident,
): number {
  const known = [unroutedAt, createAt, startedAt, readyAt, releasedAt];
  return Math.max(signalAt, ...known.filter((at) => at !== undefined));
}

function attributesOf(
  { id, name, instance, signal, exit, failedStarts, replacement, spare, costs }: Incident,
): Attributes {
  return {
    "ringkeeper.incident": id,
    "ringkeeper.replica": name,
    ...(instance === undefined ? {} : { "ringkeeper.instance": instance }),
    "ringkeeper.cause": signal,
    ...(exit === undefined ? {} : { "ringkeeper.exit": exit }),
    "ringkeeper.failed_starts": failedStarts,
    ...(replacement === undefined ? {} : { "ringkeeper.replacement": replacement }),
    "ringkeeper.spare": spare,
    "ringkeeper.requests.held": costs.held,
    "ringkeeper.requests.retried": costs.retried,
    "ringkeeper.requests.spilled": costs.spilled,
    "ringkeeper.requests.lost": costs.lost,
    "ringkeeper.requests.broken": costs.broken,
  };
}
