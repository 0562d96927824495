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
  /** Its track in the grid of a row. */
  readonly track: string;
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
    track: "minmax(136px, 1.8fr)",
    value: ({ rank }) => rank,
    cell: ({ replica }) => <ReplicaState replica={replica} />,
  },
  {
    id: "machine",
    title: "Machine",
    track: "minmax(96px, 1.6fr)",
    class: "machine",
    value: ({ replica }) => replica.machine ?? "",
    shown: (rows) => rows.some(({ replica }) => replica.machine !== null),
    cell: ({ replica }) => replica.machine ?? "–",
  },
  {
    id: "slots",
    title: "Slots",
    track: "minmax(var(--share-track), 1.2fr)",
    class: "share",
    descends: true,
    value: ({ slots }) => slots,
    cell: ({ slots, replica }) => <Share share={slots} name={replica.name} />,
  },
  {
    id: "requests",
    title: "Requests",
    track: "minmax(var(--share-track), 1.2fr)",
    class: "share",
    descends: true,
    value: ({ requests = -1 }) => requests,
    cell: ({ requests }) => <Share share={requests} />,
  },
  {
    id: "inFlight",
    title: "In flight",
    track: "54px",
    class: "number",
    descends: true,
    value: ({ load }) => load?.inFlight ?? -1,
    cell: ({ load }) => load ? number(load.inFlight) : "–",
  },
  {
    id: "p99",
    title: "p50 / p99",
    track: "118px",
    class: "number",
    descends: true,
    value: ({ load }) => load?.p99Ms ?? -1,
    cell: ({ load }) =>
      typeof load?.p99Ms === "number" ? `${time(load.p50Ms)} / ${time(load.p99Ms)}` : "–",
  },
  {
    id: "hold",
    title: "Hold p99",
    track: "68px",
    class: "number",
    descends: true,
    value: ({ load }) => load?.holdP99Ms ?? -1,
    cell: ({ load }) => time(load?.holdP99Ms),
  },
  {
    id: "restarts",
    title: "Restarts",
    track: "54px",
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
  track: "minmax(96px, 1.6fr)",
  value: ({ replica }) => replica.name,
  cell: ({ replica }) => (
    <>
      <Swatch name={replica.name} />
      <Weight replica={replica} />
    </>
  ),
};

/** Width of the button at the end of a row. */
const ACTIONS_TRACK = "78px";
/** The longest name that gets a line of its own, in characters. */
const NAME_CHARACTERS = 30;

/**
 * The tracks of all rows. They depend on no figure, so that a row is laid out without the others.
 *
 * @param columns the shown columns behind the name
 * @param rows all rows
 */
export function tracksOf(columns: readonly Column[], rows: readonly Row[]): string {
  const longest = rows.reduce((most, { replica: { name } }) => Math.max(most, name.length), 0);
  // Beside the name stands its colour.
  const name = `minmax(88px, calc(${Math.min(longest, NAME_CHARACTERS)}ch + 30px))`;
  return [name, ...columns.map(({ track }) => track), ACTIONS_TRACK].join(" ");
}

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
