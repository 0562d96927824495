/**
 * The live list of events.
 *
 * @module
 */
import type { JSX } from "preact";
import { stepText } from "./deploy_steps.ts";
import { clock, counted, milliseconds } from "./format.ts";
import type { FleetEvent } from "../../answers/event.ts";
import type { Incident } from "../../answers/incident.ts";
import { useStore } from "./store.ts";

/** Limit on events in the document. */
const SHOWN = 100;

/** The card with the events. */
export function Events(): JSX.Element {
  const { events } = useStore();
  return (
    <section class="card events" aria-labelledby="events-title">
      <header>
        <h2 id="events-title">Events</h2>
        <span class="soft">newest first</span>
      </header>
      {events.value.length === 0 && <p class="empty">No events yet.</p>}
      {/* Every step would be too much to be read out: the header tells what matters. */}
      <div class="scroller" tabIndex={0} role="log" aria-live="off" aria-label="Events">
        <ol class="plain">
          {events.value.slice(0, SHOWN).map((event) => (
            <li key={`${event.id} ${event.at}`} class={`event ${toneOf(event)}`}>
              <time class="mono soft" dateTime={new Date(event.at).toISOString()}>
                {clock(event.at, true)}
              </time>
              <span>{textOf(event)}</span>
            </li>
          ))}
        </ol>
      </div>
    </section>
  );
}

function textOf(event: FleetEvent): string {
  switch (event.type) {
    case "replica":
      return `${event.name}: ${event.from} → ${event.to}${event.reason ? `, ${event.reason}` : ""}`;
    case "view": {
      const awaited = event.awaited.length > 0 ? `, awaiting ${event.awaited.join(", ")}` : "";
      return `view ${event.version}: ${counted(event.ready.length, "replica")} ready${awaited}`;
    }
    case "engine":
      return event.up ? "the engine answers" : "the engine does not answer";
    case "incident":
      return incidentText(event.incident);
    case "deploy":
      return `deploy: ${stepText(event)}`;
  }
}

function incidentText({ id, name, signal, exit, timings: { release } }: Incident): string {
  const outcome = release === null ? "ended unhealed" : `healed after ${milliseconds(release)}`;
  const ending = exit === null || signal.includes(exit) ? "" : `; ${exit}`;
  return `${name}: incident ${id} ${outcome}: ${signal}${ending}`;
}

function toneOf(event: FleetEvent): string {
  if (event.type === "replica") {
    if (event.to === "ready") return "good";
    return event.from === "ready" && event.to !== "leaving" ? "bad" : "";
  }
  if (event.type === "deploy") {
    return event.step === "done" ? "good" : event.reason === undefined ? "" : "bad";
  }
  return event.type === "engine" && !event.up ? "bad" : "";
}
