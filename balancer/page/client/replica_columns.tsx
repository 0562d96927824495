/**
 * The columns of the table of replicas: how each is sorted and shown.
 *
 * @module
 */
import type { JSX } from "preact";
import type { ReplicaStatus as Replica } from "../../answers/fleet.ts";
import type { ReplicaLoad } from "../../answers/load.ts";
import { milliseconds, number, percent } from "./format.ts";
import { Swatch } from "./plan_panel.tsx";
import { ReplicaState, Weight } from "./replica_state.tsx";
import { useStore } from "./store.ts";

/** One row: a replica with its figures. */
export interface Row {
  readonly replica: Replica;
  readonly load: ReplicaLoad | undefined;
  /** Shares from 0 to 1. */
  readonly slots: number;
  readonly requests: number | undefined;
  /** The order of problems: the lower, the worse. */
  readonly rank: number;
}

/** The worst first. */
const RANKS = ["down", "waiting", "starting", "warming", "leaving", "ready"];

/** The order of problems of a replica: down first; ready ones with a recent error before others. */
export function rankOf({ state, weight, restarts, ramp }: Replica): number {
  const rank = 10 * RANKS.indexOf(state);
  if (state !== "ready") return rank;
  return rank + (restarts > 0 ? 0 : 1) + (ramp < 1 || weight === 0 ? 0 : 1);
}

/** A column: its title, the value that it is sorted by, and its cell. */
export interface Column {
  readonly id: string;
  readonly title: string;
  readonly class?: string;
  /** Sorted from the largest value down at first. */
  readonly descends?: boolean;
  readonly value: (row: Row) => number | string;
  /** Whether the column has anything to show; the default is that it has. */
  readonly shown?: (rows: readonly Row[]) => boolean;
  readonly cell: (row: Row) => JSX.Element | string;
}

/** The columns behind the replica's name. */
export const COLUMNS: readonly Column[] = [
  {
    id: "state",
    title: "State",
    value: ({ rank }) => rank,
    cell: ({ replica }) => <ReplicaState replica={replica} />,
  },
  {
    id: "machine",
    title: "Machine",
    class: "machine",
    value: ({ replica }) => replica.machine ?? "",
    shown: (rows) => rows.some(({ replica }) => replica.machine !== null),
    cell: ({ replica }) => replica.machine ?? "–",
  },
  {
    id: "slots",
    title: "Slots",
    class: "share",
    descends: true,
    value: ({ slots }) => slots,
    cell: ({ slots, replica }) => <Share share={slots} name={replica.name} />,
  },
  {
    id: "requests",
    title: "Requests",
    class: "share",
    descends: true,
    value: ({ requests = -1 }) => requests,
    cell: ({ requests }) => <Share share={requests} />,
  },
  {
    id: "inFlight",
    title: "In flight",
    class: "number",
    descends: true,
    value: ({ load }) => load?.inFlight ?? -1,
    cell: ({ load }) => load ? number(load.inFlight) : "–",
  },
  {
    id: "p99",
    title: "p50 / p99",
    class: "number",
    descends: true,
    value: ({ load }) => load?.p99Ms ?? -1,
    cell: ({ load }) =>
      typeof load?.p99Ms === "number" ? `${time(load.p50Ms)} / ${time(load.p99Ms)}` : "–",
  },
  {
    id: "hold",
    title: "Hold p99",
    class: "number",
    descends: true,
    value: ({ load }) => load?.holdP99Ms ?? -1,
    cell: ({ load }) => time(load?.holdP99Ms),
  },
  {
    id: "restarts",
    title: "Restarts",
    class: "number",
    descends: true,
    value: ({ replica }) => replica.restarts,
    cell: ({ replica }) => String(replica.restarts),
  },
];

/** The first column: the row's header. */
export const NAME: Column = {
  id: "name",
  title: "Replica",
  value: ({ replica }) => replica.name,
  cell: ({ replica }) => (
    <>
      <Swatch name={replica.name} />
      <Weight replica={replica} />
    </>
  ),
};

function time(ms: number | null | undefined): string {
  return ms === null || ms === undefined ? "–" : milliseconds(ms);
}

/** A bar from 0 to 100 %, in the replica's colour if it is named. */
function Share({ share, name }: {
  readonly share: number | undefined;
  readonly name?: string;
}): JSX.Element {
  const store = useStore();
  const background = name === undefined ? "var(--ink-soft)" : store.colour(name);
  const width = `${(100 * (share ?? 0)).toFixed(1)}%`;
  return (
    <span class="bar">
      <span class="track">
        <span style={{ width, background }} />
      </span>
      <span class="number">{share === undefined ? "–" : percent(share)}</span>
    </span>
  );
}
