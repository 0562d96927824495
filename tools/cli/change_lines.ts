/**
 * Formats changes and plans of the fleet.
 *
 * @module
 */
import type { Names } from "../../balancer/answers/fleet.ts";
import type { Changed, Movement, Planned, RingFacts } from "../../balancer/answers/ring.ts";
import { share } from "./figures.ts";
import { type Column, type Look, tableLines } from "./table.ts";

/**
 * Formats the replicas after a change.
 *
 * @param names the balancer's answer
 */
export function namesLine({ message: { N, replicas, behind } }: Names): string {
  return `${N} ${N === 1 ? "replica" : "replicas"}: ${replicas.join(", ")}${late(behind)}`;
}

/**
 * Formats a change.
 *
 * @param changed the balancer's answer
 */
export function changedLine({ message: { version, digest, moved, behind } }: Changed): string {
  return `done: ring version ${version}, digest ${digest}; ${keys(moved)} moved${late(behind)}`;
}

function late(behind: readonly string[] = []): string {
  return behind.length === 0 ? "" : `; not yet at the balancers ${behind.join(", ")}`;
}

/**
 * Formats a change with the moved keys.
 *
 * @param changed the balancer's answer
 * @param look colours and width
 */
export function changedLines(changed: Changed, look: Look): string[] {
  return [changedLine(changed), ...flowLines(changed.message.moved, look)];
}

/**
 * Formats a plan: replicas to add and remove, the ring before and after, and the moved keys.
 *
 * @param planned the balancer's answer
 * @param look colours and width
 */
export function planLines({ message: plan }: Planned, look: Look): string[] {
  const { add, remove, before, after, moved } = plan;
  const rows = FACTS.map(([fact, of]): Row => [fact, of(before), of(after)]);
  return [
    ...(add.length === 0 ? [] : [`to add:    ${add.join(", ")}`]),
    ...(remove.length === 0 ? [] : [`to remove: ${remove.join(", ")}`]),
    ...tableLines(columns(look), rows, look),
    "",
    `${keys(moved)} would move`,
    ...flowLines(moved, look),
  ];
}

/**
 * Formats the command that applies a plan.
 *
 * @param planned the balancer's answer
 */
export function planHint({ message: { id, expiresAt } }: Planned): string {
  return `nothing has changed; until ${expiresAt}: ringkeeper plan --apply ${id}`;
}

type Row = readonly [fact: string, before: string, after: string];

/** Highlights differences. */
function columns({ paint }: Look): Column<Row>[] {
  return [
    { title: "", cell: ([fact]) => fact },
    { title: "BEFORE", align: "right", cell: ([, before]) => before },
    {
      title: "AFTER",
      align: "right",
      cell: ([, before, after]) => before === after ? after : paint.yellow(after),
    },
  ];
}

const FACTS: readonly (readonly [string, (facts: RingFacts) => string])[] = [
  ["replicas", ({ members }) => String(members)],
  ["slots", ({ slots }) => String(slots)],
  ["virtual servers", ({ virtualServers }) => String(virtualServers)],
  ["layout", ({ layout }) => layout],
  ["hashes", ({ hashes }) => hashes],
  ["digest", ({ digest }) => digest],
  ["fullest replica, of its fair share", ({ maxOverMean }) => share(maxOverMean)],
  ["room for replicas of weight 1", ({ capacity }) => String(capacity)],
];

function keys({ share: strings, ids }: Movement): string {
  return `${share(strings)} of all keys (of ids ${share(ids)})`;
}

function flowLines({ flows, flowsLeftOut }: Movement, look: Look): string[] {
  if (flows.length === 0) return [];
  return [
    "",
    ...tableLines(FLOWS, flows, look),
    ...(flowsLeftOut === 0 ? [] : [`and ${flowsLeftOut} smaller ones`]),
  ];
}

const FLOWS: readonly Column<Movement["flows"][number]>[] = [
  { title: "FROM", cell: ({ from }) => from ?? "nobody" },
  { title: "TO", cell: ({ to }) => to ?? "nobody" },
  { title: "KEYS", align: "right", cell: (flow) => share(flow.share) },
];
