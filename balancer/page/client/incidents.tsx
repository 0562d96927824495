/**
 * Failures and their heals.
 *
 * @module
 */
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { counted, duration, milliseconds } from "./format.ts";
import type { Incident } from "../../answers/incident.ts";
import { Swatch } from "./plan_panel.tsx";
import { useStore } from "./store.ts";

/** The steps of an incident in order. */
const STEPS = [
  "signal",
  "eject",
  "unrouted",
  "create",
  "started",
  "ready",
  "release",
] as const satisfies readonly (keyof Incident["timings"])[];

/** Incidents that are shown at first. */
const FIRST = 6;

/** The card with the incidents. */
export function Incidents(): JSX.Element {
  const { incidents } = useStore();
  const all = useSignal(false);
  const shown = all.value ? incidents.value : incidents.value.slice(0, FIRST);
  const hidden = incidents.value.length - shown.length;
  return (
    <section class="card incidents" aria-labelledby="incidents-title">
      <header>
        <h2 id="incidents-title">Incidents</h2>
        <span class="soft">{counted(incidents.value.length, "incident")}</span>
      </header>
      {shown.length === 0 && <p class="empty">Nothing has failed since the balancer started.</p>}
      <ol class="plain">
        {shown.map((incident) => <Item key={incident.id} incident={incident} />)}
      </ol>
      {hidden > 0 && (
        <button type="button" onClick={() => all.value = true}>Show {hidden} older</button>
      )}
    </section>
  );
}

function Item({ incident }: { readonly incident: Incident }): JSX.Element {
  const { now } = useStore();
  const { id, name, at, signal, timings, spare } = incident;
  const ago = duration(now.value - Date.parse(at));
  const outcome = timings.release === null
    ? "being healed"
    : `full ring after ${milliseconds(timings.release)}${spare ? ", by a spare" : ""}`;
  return (
    <li class="incident" data-incident={id}>
      <p class="row">
        <strong>
          <Swatch name={name} />
        </strong>
        <span class={timings.release === null ? "tag open" : "tag done"}>{outcome}</span>
        <time class="soft" dateTime={at} title={at}>{ago} ago</time>
      </p>
      <p>{signal}</p>
      <Ending incident={incident} />
      <Timeline incident={incident} />
      <p class="soft">{costOf(incident)}</p>
    </li>
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

/** The phases of a heal, and the steps that bound them. */
const PARTS = [
  { name: "noticed", to: "eject", class: "noticed" },
  { name: "rerouted", to: "unrouted", class: "rerouted" },
  { name: "created", to: "started", class: "created" },
  { name: "warmed up", to: "ready", class: "warmed" },
  { name: "released", to: "release", class: "released" },
] as const;

function Timeline({ incident: { timings } }: { readonly incident: Incident }): JSX.Element {
  const end = Math.max(1, ...STEPS.map((step) => timings[step] ?? 0));
  // In order of time: routes change while the replacement is being created.
  const reached = PARTS.flatMap(({ name, to, class: sort }) => {
    const until = timings[to];
    return until === null ? [] : [{ name, sort, until }];
  }).sort((a, b) => a.until - b.until);
  const parts = reached.map((part, at) => ({ ...part, from: reached[at - 1]?.until ?? 0 }));
  return (
    <div class="timeline">
      <div class="track" aria-hidden="true">
        {parts.map(({ name, sort, from, until }) => (
          <span
            key={name}
            class={sort}
            style={{ left: `${100 * from / end}%`, width: `${100 * (until - from) / end}%` }}
          />
        ))}
      </div>
      <ol class="steps">
        {parts.map(({ name, sort, until }) => (
          <li key={name}>
            <span class={`dot ${sort}`} />
            {name} {milliseconds(until)}
          </li>
        ))}
      </ol>
    </div>
  );
}

function costOf({ requests }: Incident): string {
  const { held, retried, spilled, lost, broken, longestHoldMs } = requests;
  const parts = [
    held > 0 && `${held} held, the longest ${milliseconds(longestHoldMs)}`,
    retried > 0 && `${retried} retried`,
    spilled > 0 && `${spilled} answered by another`,
    broken > 0 && `${broken} broken off`,
    `${lost} lost`,
  ].filter((part) => part !== false);
  return `Requests: ${parts.join(", ")}`;
}
