/**
 * All replicas, problems first: a table that can be sorted by every column.
 *
 * @module
 */
import { type Signal, useComputed, useSignal } from "@preact/signals";
import {
  createTable,
  getCoreRowModel,
  getFilteredRowModel,
  getSortedRowModel,
  type SortingState,
  type Table,
} from "@tanstack/table-core";
import type { JSX } from "preact";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { counted } from "./format.ts";
import { Machines } from "./machine_list.tsx";
import { type Column, COLUMNS, NAME, rankOf, type Row, tracksOf } from "./replica_columns.tsx";
import { RowSignals } from "./row_signals.ts";
import { useStore } from "./store.ts";
import { useKeptFocus } from "./use_kept_focus.ts";

/** Number of replicas from which a search box is shown. */
const MANY = 12;
/** Number of rows from which those far from the window are neither laid out nor painted. */
const MANY_ROWS = 60;
/** Rows that are shown at first. */
const FIRST = 100;

/** The card with all replicas. */
export function Replicas(): JSX.Element | null {
  const store = useStore();
  const sought = useSignal("");
  const sorting = useSignal<SortingState>([]);
  const all = useSignal(false);
  const rows = useRows();
  const table = useTable(rows, sorting.value, sought.value, (next) => sorting.value = next);
  const columns = useColumns(rows);
  const rendered = useRenderedRows(rows, columns);
  const status = store.status.value;
  if (!status) return null;
  const found = table.getRowModel().rows.map(({ original }) => original);
  const shown = all.value ? found : found.slice(0, FIRST);
  return (
    <section class="card replicas" aria-labelledby="replicas-title">
      <header>
        <h2 id="replicas-title">Replicas</h2>
        <span class="soft">
          {counted(rows.length, "replica")}, {counted(status.spares.length, "spare")}
        </span>
        {rows.length >= MANY && (
          <input
            type="search"
            placeholder="Name, state…"
            aria-label="Filter replicas by name, state or machine"
            value={sought.value}
            onInput={(event) => sought.value = event.currentTarget.value}
          />
        )}
        {status.engine !== "static" && (
          <button
            type="button"
            class="primary"
            onClick={() => store.dialog.value = { of: "add" }}
          >
            Add…
          </button>
        )}
      </header>
      <Machines replicas={status.replicas} />
      <div class="scroller" tabIndex={0} role="group" aria-label="Table of replicas">
        <table
          role="table"
          class={shown.length >= MANY_ROWS ? "many" : ""}
          style={{ "--columns": tracksOf(columns, rows) }}
        >
          <Head table={table} columns={columns} />
          <tbody role="rowgroup">
            {shown.map(rendered)}
          </tbody>
        </table>
        {rows.length === 0 && <p class="empty">No replicas.</p>}
      </div>
      {shown.length < found.length && (
        <button type="button" onClick={() => all.value = true}>
          Show all {found.length} replicas
        </button>
      )}
    </section>
  );
}

/** The shown columns, the same list until another one has anything to show. */
function useColumns(rows: readonly Row[]): readonly Column[] {
  const columns = COLUMNS.filter(({ shown = () => true }) => shown(rows));
  return useMemo(() => columns, [columns.length]);
}

/**
 * Returns a function that renders a row once: its element stays the same, and the row renders by
 * itself when its values change.
 */
function useRenderedRows(
  rows: readonly Row[],
  columns: readonly Column[],
): (row: Row) => JSX.Element {
  const signals = useMemo(() => new RowSignals(), []);
  const elements = useMemo(() => new Map<Signal<Row>, JSX.Element>(), [columns]);
  useEffect(() => signals.update(rows));
  return (row) => {
    const own = signals.of(row);
    const element = elements.get(own) ??
      <ReplicaRow key={row.replica.name} row={own} columns={columns} />;
    elements.set(own, element);
    return element;
  };
}

/** Problems first, in the order of the fleet otherwise. */
function useRows(): Row[] {
  const { status, load, slots, ring, requestShares } = useStore();
  const total = ring.value?.slots || 1;
  return (status.value?.replicas ?? []).map((replica): Row => ({
    replica,
    load: load.value?.replicas[replica.name],
    slots: (slots.value.get(replica.name) ?? 0) / total,
    requests: requestShares.value.get(replica.name),
    rank: rankOf(replica),
  })).sort((a, b) => a.rank - b.rank);
}

function useTable(
  data: Row[],
  sorting: SortingState,
  globalFilter: string,
  onSorting: (sorting: SortingState) => void,
): Table<Row> {
  const table = useMemo(() => {
    const made = createTable<Row>({
      data: [],
      columns: [NAME, ...COLUMNS].map(({ id, value, descends = false }) => ({
        id,
        accessorFn: value,
        sortDescFirst: descends,
      })),
      getCoreRowModel: getCoreRowModel(),
      getFilteredRowModel: getFilteredRowModel(),
      getSortedRowModel: getSortedRowModel(),
      globalFilterFn: ({ original: { replica } }, _, text: string) =>
        `${replica.name} ${replica.state} ${replica.machine ?? ""}`.toLowerCase()
          .includes(text.toLowerCase()),
      getColumnCanGlobalFilter: ({ id }) => id === "name",
      state: {},
      onStateChange: () => {},
      renderFallbackValue: null,
    });
    return made;
  }, []);
  table.setOptions((before) => ({
    ...before,
    data,
    state: { ...table.initialState, sorting, globalFilter },
    onSortingChange: (change) => onSorting(typeof change === "function" ? change(sorting) : change),
  }));
  return table;
}

function Head({ table, columns }: {
  readonly table: Table<Row>;
  readonly columns: readonly Column[];
}): JSX.Element {
  return (
    <thead role="rowgroup">
      <tr role="row">
        {[NAME, ...columns].map((column) => (
          <Title
            key={column.id}
            column={column}
            table={table}
          />
        ))}
        <th role="columnheader" scope="col">
          <span class="hidden">Actions</span>
        </th>
      </tr>
    </thead>
  );
}

const SORTED = { asc: "ascending", desc: "descending" } as const;
const ARROWS = { asc: "↑", desc: "↓" } as const;

function Title({ column: { id, title, class: sort }, table }: {
  readonly column: Column;
  readonly table: Table<Row>;
}): JSX.Element {
  const column = table.getColumn(id);
  const sorted = column?.getIsSorted() || undefined;
  return (
    <th
      role="columnheader"
      scope="col"
      class={sort}
      {...(sorted ? { "aria-sort": SORTED[sorted] } : {})}
    >
      <button type="button" class="sort" onClick={() => column?.toggleSorting()}>
        {title} {sorted && <span aria-hidden="true">{ARROWS[sorted]}</span>}
      </button>
    </th>
  );
}

function ReplicaRow({ row: { value: row }, columns }: {
  readonly row: Signal<Row>;
  readonly columns: readonly Column[];
}): JSX.Element {
  const store = useStore();
  const element = useRef<HTMLTableRowElement>(null);
  useKeptFocus(element, ".replicas .scroller");
  const { name } = row.replica;
  // Not the hovered name itself, or every row would render again for each hover.
  const marked = useComputed(() => store.marked.value === name);
  const mark = () => store.marked.value = name;
  const unmark = () => store.marked.value = undefined;
  return (
    <tr
      ref={element}
      role="row"
      class={marked.value ? "marked" : ""}
      onPointerEnter={mark}
      onPointerLeave={unmark}
      onFocusIn={mark}
      onFocusOut={unmark}
    >
      <th role="rowheader" scope="row">{NAME.cell(row)}</th>
      {columns.map(({ id, title, class: sort, cell }) => (
        <td key={id} role="cell" data-label={title} class={sort}>{cell(row)}</td>
      ))}
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
