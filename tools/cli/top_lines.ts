/**
 * Formats the screen of `top`.
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
import type { LastMinute, Sample } from "./sample.ts";
import { sparkline } from "./sparkline.ts";
import { indented, machineCell, notes, summary } from "./status_lines.ts";
import { type Column, fitting, type Look, tableLines } from "./table.ts";

/** Shown while the balancer does not answer. */
export const TRYING_AGAIN = "cannot be reached, trying again";

/** A screen: its format and number of lines. */
interface Screen extends Look {
  readonly height: number;
}

interface Row extends ReplicaStatus {
  /** The replica's share of the slots. */
  readonly slotShare: number;
  readonly load: ReplicaLoad | undefined;
  readonly rates: ReplicaRates | undefined;
}

/**
 * Formats one screen within the width and height of the terminal.
 *
 * @param url the balancer's address
 * @param sample the reading; the last one while the balancer does not answer
 * @param reached whether the balancer answers
 * @param screen the screen
 */
export function topLines(url: string, sample: Sample, reached: boolean, screen: Screen): string[] {
  const { paint, width, height } = screen;
  const head = [
    `${url}: ${reached ? summary(sample.status, screen) : paint.red(TRYING_AGAIN)}`,
    figures(sample),
    ...(sample.minute ? [sparklines(sample.minute)] : []),
    ...(sample.incident ? [incidentLine(sample.incident, sample.at)] : []),
    "",
  ];
  const table = fitRows(replicaTable(sample, screen), height - head.length);
  const lines = [...head, ...table, ...indented(notes(sample.status, sample.at))];
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

/** Characters of each line of a chart: three of them fit in 80 columns. */
const CHART = 15;

/** The last minute. */
function sparklines({ requests, held, p99Ms }: LastMinute): string {
  return `last minute: requests ${sparkline(requests, CHART)}  held ${sparkline(held, CHART)}  ` +
    `p99 ${sparkline(p99Ms, CHART)}`;
}

function replicaTable(sample: Sample, look: Look): string[] {
  const { status, load, rates } = sample;
  const rows = status.replicas.map((replica): Row => ({
    ...replica,
    slotShare: replica.slots / status.slots,
    load: load?.replicas[replica.name],
    rates: rates?.replicas.get(replica.name),
  }));
  const columns = fitting(essential(look), wanted(sample), rows, look.width);
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

/** Shown if there is room. */
function wanted({ at: now, status: { replicas } }: Sample): Column<Row>[] {
  const machines = replicas.some(({ machine }) => machine !== null);
  return [
    right("REQ/S", ({ rates }) => rate(rates?.requestsPerSecond), "99999"),
    right("ERR/S", ({ rates }) => rate(rates?.errorsPerSecond), "99999"),
    right("FOR", ({ since }) => age(now - Date.parse(since)), "119 min"),
    ...(machines ? [{ title: "MACHINE", cell: machineCell }] : []),
    { title: "ADDRESS", cell: ({ address }) => address ?? UNKNOWN },
    right("HOLD", ({ load }) => milliseconds(load?.holdP99Ms), "999 ms"),
  ];
}

/** @param widest the usual maximum width */
function right(title: string, cell: (row: Row) => string, widest = ""): Column<Row> {
  return { title, align: "right", cell, least: widest.length };
}

/** The first rows that fit, and the number of rows left out. */
function fitRows(lines: readonly string[], height: number): string[] {
  if (lines.length <= height) return [...lines];
  const shown = Math.max(1, height - 1);
  return [...lines.slice(0, shown), `and ${lines.length - shown} more`];
}
