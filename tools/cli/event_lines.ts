/**
 * Formats events of the fleet.
 *
 * @module
 */
import type { FleetEvent } from "../../balancer/answers/event.ts";
import { milliseconds, plain } from "./figures.ts";
import { type Paint, paintState } from "./paint.ts";

/**
 * Formats one event as one line, which begins with its time and its kind.
 *
 * @param event the event
 * @param paint colours
 */
export function eventLine(event: FleetEvent, paint: Paint): string {
  const at = new Date(event.at).toISOString();
  return `${paint.dim(at)} ${event.type.padEnd(8)} ${description(event, paint)}`;
}

function description(event: FleetEvent, paint: Paint): string {
  switch (event.type) {
    case "replica":
      return `${event.name}: ${event.from} -> ${paintState(event.to, paint)}` +
        because(event.reason);
    case "view":
      return `version ${event.version}, ready: ${list(event.ready)}` +
        (event.awaited.length === 0 ? "" : `, awaited: ${list(event.awaited)}`);
    case "engine":
      return event.up ? paint.green("answers again") : paint.red("does not answer");
    case "incident":
      return incidentText(event.incident);
    case "deploy":
      return `${event.step}${event.name === undefined ? "" : ` ${event.name}`}` +
        because(event.reason);
  }
}

function incidentText(
  { name, signal, timings, requests }: (FleetEvent & { type: "incident" })["incident"],
): string {
  const healed = timings.release === null
    ? "not healed"
    : `healed after ${milliseconds(timings.release)}`;
  return `${name}: ${healed}, ${requests.held} held, ${requests.lost} lost${because(signal)}`;
}

function because(reason: string | undefined): string {
  return reason === undefined ? "" : ` (${plain(reason)})`;
}

function list(names: readonly string[]): string {
  return names.length === 0 ? "none" : names.join(", ");
}
