/**
 * Formats the ring.
 *
 * @module
 */
import type { RingTable } from "../../balancer/answers/ring.ts";
import { share } from "./figures.ts";
import { type Column, type Look, tableLines } from "./table.ts";

interface Row {
  readonly name: string;
  readonly weight: number;
  readonly state: "ready" | "awaited" | "away";
  readonly slots: number;
  /** Runs of adjacent slots. */
  readonly runs: number;
}

/**
 * Formats each replica's share of the ring.
 *
 * @param ring the balancer's answer
 * @param look colours and width
 */
export function ringLines(ring: RingTable, look: Look): string[] {
  const { layout, hashes, slots, version, digest } = ring;
  return [
    `ring: layout ${layout}, hashes ${hashes}, ${slots} slots, digest ${digest}, version ${version}`,
    "",
    ...tableLines(columns(slots, look), rowsOf(ring), look),
  ];
}

function rowsOf({ members, runs }: RingTable): Row[] {
  const owned = members.map(() => ({ slots: 0, runs: 0 }));
  for (let i = 0; i + 1 < runs.length; i += 2) {
    const member = owned[runs[i]!];
    if (!member) continue;
    member.slots += runs[i + 1]!;
    member.runs++;
  }
  return members.map(({ name, weight, ready, awaited }, i) => ({
    name,
    weight,
    state: ready ? "ready" : awaited ? "awaited" : "away",
    ...owned[i]!,
  }));
}

function columns(slots: number, { paint }: Look): Column<Row>[] {
  return [
    { title: "REPLICA", cell: ({ name }) => name },
    { title: "WEIGHT", align: "right", cell: ({ weight }) => String(weight) },
    { title: "SLOTS", align: "right", cell: (row) => String(row.slots) },
    { title: "SHARE", align: "right", cell: (row) => share(row.slots / slots) },
    { title: "ARCS", align: "right", cell: ({ runs }) => String(runs) },
    {
      title: "STATE",
      cell: ({ state }) => state === "ready" ? paint.green(state) : paint.red(state),
    },
  ];
}
