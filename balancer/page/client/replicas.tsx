/**
 * All replicas: state, share of the slots and of the requests, and figures.
 *
 * @module
 */
import { useComputed, useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { counted, duration, milliseconds, number, percent } from "./format.ts";
import { StateIcon } from "./icons.tsx";
import type { ReplicaStatus as Replica } from "../../answers/fleet.ts";
import { Swatch } from "./plan_panel.tsx";
import { useStore } from "./store.ts";

/** Number of replicas from which a search box is shown. */
const MANY = 12;

/** The card with all replicas. */
export function Replicas(): JSX.Element {
  const store = useStore();
  const sought = useSignal("");
  const all = store.status.value?.replicas ?? [];
  const spares = store.status.value?.spares ?? [];
  const shown = all.filter(({ name, state }) =>
    `${name} ${state}`.toLowerCase().includes(sought.value.toLowerCase())
  );
  return (
    <section class="card replicas" aria-labelledby="replicas-title">
      <header>
        <h2 id="replicas-title">Replicas</h2>
        <span class="soft">
          {counted(all.length, "replica")}, {counted(spares.length, "spare")}
        </span>
        {all.length >= MANY && (
          <input
            type="search"
            placeholder="Name or state"
            aria-label="Show replicas by name or state"
            value={sought.value}
            onInput={(event) => sought.value = event.currentTarget.value}
          />
        )}
        <button type="button" class="primary" onClick={() => store.dialog.value = { of: "add" }}>
          Add…
        </button>
      </header>
      <div class="scroller" tabIndex={0} role="group" aria-label="Table of replicas">
        <table role="table">
          <Head />
          <tbody role="rowgroup">
            {shown.map((replica) => <Row key={replica.name} replica={replica} />)}
          </tbody>
        </table>
        {all.length === 0 && <p class="empty">There is no replica yet.</p>}
      </div>
    </section>
  );
}

function Head(): JSX.Element {
  const columns = ["Replica", "State", "Share", "In flight", "p50 / p99", "Restarts"];
  return (
    <thead role="rowgroup">
      <tr role="row">
        {columns.map((title) => <th key={title} role="columnheader" scope="col">{title}</th>)}
        <th role="columnheader" scope="col">
          <span class="hidden">Actions</span>
        </th>
      </tr>
    </thead>
  );
}

function Row({ replica }: { readonly replica: Replica }): JSX.Element {
  const store = useStore();
  const { name, restarts } = replica;
  const load = store.load.value?.replicas[name];
  // Not the hovered name itself, or every row would render again for each hover.
  const marked = useComputed(() => store.marked.value === name);
  const mark = () => store.marked.value = name;
  const unmark = () => store.marked.value = undefined;
  return (
    <tr
      role="row"
      class={marked.value ? "marked" : ""}
      onPointerEnter={mark}
      onPointerLeave={unmark}
      onFocusIn={mark}
      onFocusOut={unmark}
    >
      <th role="rowheader" scope="row">
        <Swatch name={name} />
        <Weight replica={replica} />
      </th>
      <td role="cell" data-label="State">
        <State replica={replica} />
      </td>
      <td role="cell" data-label="Share" class="wide">
        <Shares name={name} />
      </td>
      <td role="cell" data-label="In flight" class="number">
        {load ? number(load.inFlight) : "–"}
      </td>
      <td role="cell" data-label="p50 / p99" class="number">{latency(load?.p50Ms, load?.p99Ms)}</td>
      <td role="cell" data-label="Restarts" class="number">{restarts}</td>
      <td role="cell" class="act">
        <button
          type="button"
          aria-label={`Manage ${name}`}
          onClick={() => store.dialog.value = { of: "replica", name }}
        >
          Manage
        </button>
      </td>
    </tr>
  );
}

/** Shown only if the value differs from the default. */
function Weight({ replica: { weight, ramp } }: { readonly replica: Replica }): JSX.Element | null {
  if (weight === 0) return <span class="tag">drained</span>;
  const parts: string[] = [];
  if (weight !== 1) parts.push(`weight ${weight}`);
  if (ramp < 1) parts.push(`slow start ${percent(ramp)}`);
  return parts.length === 0 ? null : <span class="tag">{parts.join(", ")}</span>;
}

/** The state as a word, an icon and a colour, and its duration. */
export function State({ replica: { name, state, since, nextStart } }: {
  readonly replica: Replica;
}): JSX.Element {
  const { now, ring } = useStore();
  const awaited = ring.value?.members.find((member) => member.name === name)?.awaited;
  const lasts = duration(now.value - Date.parse(since));
  const next = nextStart === null ? 0 : Date.parse(nextStart) - now.value;
  return (
    <span class={`state ${state}`}>
      <StateIcon state={state} /> {state}{" "}
      <span class="soft">{next > 0 ? `starts in ${duration(next)}` : lasts}</span>
      {awaited && <span class="tag">requests wait for it</span>}
    </span>
  );
}

function Shares({ name }: { readonly name: string }): JSX.Element {
  const store = useStore();
  const slots = (store.slots.value.get(name) ?? 0) / (store.ring.value?.slots || 1);
  const requests = store.requestShares.value.get(name);
  const most = store.mostShare.value;
  return (
    <div class="shares">
      <Bar share={slots} most={most} what="slots" colour={store.colour(name)} />
      <Bar share={requests} most={most} what="requests" colour="var(--ink-soft)" />
    </div>
  );
}

function Bar({ share, most, what, colour }: {
  readonly share: number | undefined;
  readonly most: number;
  readonly what: string;
  readonly colour: string;
}): JSX.Element {
  const width = `${(100 * (share ?? 0) / most).toFixed(1)}%`;
  return (
    <div class="bar">
      <span class="track">
        <span style={{ width, background: colour }} />
      </span>
      <span class="number">{what} {share === undefined ? "–" : percent(share)}</span>
    </div>
  );
}

function latency(p50: number | null = null, p99: number | null = null): string {
  if (p50 === null || p99 === null) return "–";
  return `${milliseconds(p50)} / ${milliseconds(p99)}`;
}
