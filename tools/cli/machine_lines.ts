/**
 * Formats the machines of a swarm.
 *
 * @module
 */
import type { Machines } from "../../balancer/answers/machines.ts";
import { plain, UNKNOWN } from "./figures.ts";
import { type Column, type Look, tableLines } from "./table.ts";

type Machine = Machines["machines"][number];

/**
 * Formats the output of `machine`.
 *
 * @param answer the balancer's answer
 * @param look colours and width
 */
export function machineLines({ machines }: Machines, look: Look): string[] {
  if (machines.length === 0) return ["this engine has one machine only"];
  return tableLines(COLUMNS, machines, look);
}

const COLUMNS: readonly Column<Machine>[] = [
  { title: "MACHINE", cell: ({ name }) => plain(name) },
  { title: "STATE", cell: ({ state }) => plain(state) },
  { title: "AVAILABILITY", cell: ({ availability }) => availability },
  { title: "REPLICAS", cell: ({ replicas }) => listed(replicas) },
  { title: "SPARES", cell: ({ spares }) => listed(spares) },
];

function listed(names: readonly string[]): string {
  return names.length === 0 ? UNKNOWN : names.map(plain).join(" ");
}
