/**
 * What `top` shows, as text.
 *
 * @module
 */
import cliTruncate from "cli-truncate";
import type { ReplicaStatus } from "../../balancer/answers/fleet.ts";
import type { ReplicaLoad } from "../../balancer/answers/load.ts";
import { age, milliseconds, rate, share, UNKNOWN } from "./figures.ts";
import { incidentLine } from "./incident_lines.ts";
import { paintState } from "./paint.ts";
import type { ReplicaRates } from "./rates.ts";
import type { Sample } from "./sample.ts";
import { summary } from "./status_lines.ts";
import { type Column, fitting, type Look, tableLines } from "./table.ts";

/** What is said while nobody answers. */
export const TRYING_AGAIN = "cannot be reached, trying again";

/** A screen: how it looks, and how many lines it has. */
interface Screen extends Look {
  readonly height: number;
}

interface Row extends ReplicaStatus {
  /** The part of the slots that it owns. */
  readonly slotShare: number;
  readonly load: ReplicaLoad | undefined;
  readonly rates: ReplicaRates | undefined;
}

/**
 * One screen, no line longer and no more lines than there is room for.
 *
 * @param url where the balancer listens
 * @param sample what was read; the last one while nobody answers
 * @param reached whether the balancer answers
 * @param screen the room
 */
export function topLines(url: string, sample: Sample, reached: boolean, screen: Screen): string[] {
  const { paint, width, height } = screen;
  const head = [
    `${url}: ${reached ? summary(sample.status, screen) : paint.red(TRYING_AGAIN)}`,
    figures(sample),
    ...(sample.incident ? [incidentLine(sample.incident, sample.at)] : []),
    "",
  ];
  const lines = [...head, ...fitRows(replicaTable(sample, screen), height - head.length)];
  return lines.slice(0, Math.max(1, height)).map((line) => cliTruncate(line, width));
}

/** Figures of the whole balancer. */
function figures({ load, rates }: Sample): string {
  if (!load) return "no load figures: this balancer does not count them";
  const { holding, lost, connections } = load;
  return [
    `${rate(rates?.requestsPerSecond)} requests/s`,
    `${rate(rates?.errorsPerSecond)} errors/s`,
    `${holding} held now`,
    `${rate(rates?.heldPerSecond)} held/s`,
    `${lost} lost`,
    `${connections} connections`,
  ].join("  ");
}

function replicaTable(sample: Sample, look: Look): string[] {
  const { status, load, rates } = sample;
  const rows = status.replicas.map((replica): Row => ({
    ...replica,
    slotShare: replica.slots / status.slots,
    load: load?.replicas[replica.name],
    rates: rates?.replicas.get(replica.name),
  }));
  const columns = fitting(essential(look), wanted(sample.at), rows, look.width);
  return tableLines(columns, rows, look);
}

/** These fit in 80 columns beside a name of 12. */
function essential({ paint }: Look): Column<Row>[] {
  return [
    { title: "REPLICA", cell: ({ name }) => name },
    { title: "STATE", cell: ({ state }) => paintState(state, paint), least: "starting".length },
    right("WEIGHT", ({ weight }) => String(weight)),
    right("SLOTS", ({ slotShare }) => share(slotShare), "100.0 %"),
    right("LOAD", ({ rates }) => share(rates?.share), "100.0 %"),
    right("NOW", ({ load }) => String(load?.inFlight ?? UNKNOWN), "9999"),
    right("P50", ({ load }) => milliseconds(load?.p50Ms), "999 ms"),
    right("P99", ({ load }) => milliseconds(load?.p99Ms), "999 ms"),
    right("RESTARTS", ({ restarts }) => String(restarts)),
  ];
}

/** These where there is room. */
function wanted(now: number): Column<Row>[] {
  return [
    right("REQ/S", ({ rates }) => rate(rates?.requestsPerSecond), "99999"),
    right("ERR/S", ({ rates }) => rate(rates?.errorsPerSecond), "99999"),
    right("FOR", ({ since }) => age(now - Date.parse(since)), "119 min"),
    { title: "ADDRESS", cell: ({ address }) => address ?? UNKNOWN },
  ];
}

/** @param widest the widest that is usual */
function right(title: string, cell: (row: Row) => string, widest = ""): Column<Row> {
  return { title, align: "right", cell, least: widest.length };
}

/** The first rows that fit, and how many do not. */
function fitRows(lines: readonly string[], height: number): string[] {
  if (lines.length <= height) return [...lines];
  const shown = Math.max(1, height - 1);
  return [...lines.slice(0, shown), `and ${lines.length - shown} more`];
}
