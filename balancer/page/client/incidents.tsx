/**
 * Failures and their heals, grouped by replica and cause.
 *
 * @module
 */
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { counted, duration, milliseconds } from "./format.ts";
import { groupIncidents, type IncidentGroup, noIncidents } from "./health.ts";
import type { Status } from "../../answers/fleet.ts";
import type { Incident } from "../../answers/incident.ts";
import { Swatch } from "./plan_panel.tsx";
import { useStore } from "./store.ts";
import { timelineOf } from "./timeline.ts";

/** Groups that are shown at first. */
const FIRST = 3;

/** Older incidents of a group that are listed. */
const LISTED = 20;

/** The card with the incidents. */
export function Incidents(): JSX.Element | null {
  const { incidents, status, live } = useStore();
  const all = useSignal(false);
  if (!status.value) return null;
  const groups = groupIncidents(incidents.value);
  const shown = all.value ? groups : groups.slice(0, FIRST);
  const hidden = groups.length - shown.length;
  return (
    <section class="card incidents" aria-labelledby="incidents-title">
      <header>
        <h2 id="incidents-title">Incidents</h2>
        {groups.length === 0
          ? <p class="soft">{noIncidents(status.value, live.value)}</p>
          : <span class="soft">{counted(incidents.value.length, "incident")}</span>}
      </header>
      {shown.length > 0 && (
        <ol class="plain">
          {shown.map((group) => <Group key={group.key} group={group} />)}
        </ol>
      )}
      {hidden > 0 && (
        <button type="button" onClick={() => all.value = true}>
          Show {counted(hidden, "older group")}
        </button>
      )}
    </section>
  );
}

function outcomeOf(
  { name, endedAt, timings: { release }, spare }: Incident,
  status: Status | undefined,
): {
  readonly text: string;
  readonly class: string;
} {
  if (release !== null) {
    const by = spare ? ", by a spare" : "";
    return { text: `full ring after ${milliseconds(release)}${by}`, class: "tag done" };
  }
  return endedAt === null ? { text: "being healed", class: "tag open" } : {
    text: status?.replicas.some((replica) => replica.name === name)
      ? "failed again before it was healed"
      : "removed before it was healed",
    class: "tag open",
  };
}

function Group({ group: { incidents } }: { readonly group: IncidentGroup }): JSX.Element {
  const { now, status } = useStore();
  const [incident, ...older] = incidents;
  const { id, name, at, signal, served } = incident;
  const outcome = outcomeOf(incident, status.value);
  return (
    <li class="incident" data-incident={id}>
      <p class="row">
        <strong>
          <Swatch name={name} />
        </strong>
        {older.length > 0 && <span class="tag count">{incidents.length} times</span>}
        <span class={outcome.class}>{outcome.text}</span>
        <time class="soft" dateTime={at} title={at}>
          {duration(now.value - Date.parse(at))} ago
        </time>
      </p>
      <p>{signal}{served ? "" : "; the replica was never ready"}</p>
      <Ending incident={incident} />
      <Timeline incident={incident} />
      <p class="soft">{costOf(incident)}</p>
      {older.length > 0 && <Older incidents={older} />}
    </li>
  );
}

function Older({ incidents }: { readonly incidents: readonly Incident[] }): JSX.Element {
  const { now, status } = useStore();
  return (
    <details>
      <summary>{counted(incidents.length, "earlier failure")} with this cause</summary>
      <ol class="plain older">
        {incidents.slice(0, LISTED).map((incident) => (
          <li key={incident.id}>
            <time class="soft" dateTime={incident.at} title={incident.at}>
              {duration(now.value - Date.parse(incident.at))} ago
            </time>{" "}
            {outcomeOf(incident, status.value).text}; {costOf(incident)}
          </li>
        ))}
      </ol>
    </details>
  );
}

/** The instance's end and the failed starts, if known. */
function Ending({ incident }: { readonly incident: Incident }): JSX.Element {
  const { signal, exit, failedStarts, startFailure, lastWords } = incident;
  return (
    <>
      {exit !== null && !signal.includes(exit) && <p>{exit}</p>}
      {startFailure !== null && (
        <p>{counted(failedStarts, "failed start")}, the last: {startFailure}</p>
      )}
      {lastWords.length > 0 && (
        <details>
          <summary>Last lines of the instance</summary>
          <pre>{lastWords.join("\n")}</pre>
        </details>
      )}
    </>
  );
}

function Timeline({ incident }: { readonly incident: Incident }): JSX.Element {
  const { now } = useStore();
  // Only an open incident depends on the time.
  const parts = timelineOf(incident, incident.endedAt === null ? now.value : 0);
  const end = Math.max(1, ...parts.map(({ from, tookMs }) => from + tookMs));
  return (
    <div class="timeline">
      <div class="track" aria-hidden="true">
        {parts.map(({ name, class: sort, from, tookMs }) => (
          <span
            key={name}
            class={sort}
            style={{ left: `${100 * from / end}%`, width: `${100 * tookMs / end}%` }}
          />
        ))}
      </div>
      <ol class="steps">
        {parts.map(({ name, class: sort, tookMs }) => (
          <li key={name}>
            <span class={`dot ${sort}`} />
            {name} {milliseconds(tookMs)}
          </li>
        ))}
      </ol>
    </div>
  );
}

function costOf({ requests }: Incident): string {
  const { held, retried, spilled, lost, broken, longestHoldMs } = requests;
  const parts = [
    held > 0 && `${held} held (longest ${milliseconds(longestHoldMs)})`,
    retried > 0 && `${retried} retried`,
    spilled > 0 && `${spilled} answered by another replica`,
    broken > 0 && `${broken} broken off`,
    `${lost} lost`,
  ].filter((part) => part !== false);
  return `Requests: ${parts.join(", ")}`;
}
