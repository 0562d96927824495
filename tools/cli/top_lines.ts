/**
 * Formats the screen of `top`.
 *
 * @module
 */
import cliTruncate from "cli-truncate";
import type { ReplicaStatus } from "../../balancer/answers/fleet.ts";
import type { ReplicaLoad } from "../../balancer/answers/load.ts";
import type { Incident } from "../../balancer/answers/incident.ts";
import { age, milliseconds, rate, share, UNKNOWN } from "./figures.ts";
import { incidentLine } from "./incident_lines.ts";
import { maintenanceLine } from "./maintenance_line.ts";
import { paintState } from "./paint.ts";
import type { ReplicaRates } from "./rates.ts";
import type { LastMinute, Sample } from "./sample.ts";
import { sparkline } from "./sparkline.ts";
import { clusterLines, indented, machineCell, notes, summary } from "./status_lines.ts";
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
  const { status, minute, incident, at } = sample;
  const head = [
    `${url}: ${reached ? summary(status, screen) : paint.red(TRYING_AGAIN)}`,
    figures(sample),
    ...(minute ? [sparklines(minute, width)] : []),
    ...(incident ? [incidentText(incident, sample, paint)] : []),
    ...clusterLines(status, screen),
    ...(status.maintenance ? [paint.yellow(maintenanceLine(status, at))] : []),
    "",
  ];
  const room = height - head.length;
  const below = fitNotes(indented(notes(status, at)), room);
  const table = tableOf(sample, screen, room - below.length);
  const lines = [...head, ...table, ...below];
  return lines.slice(0, Math.max(1, height)).map((line) => cliTruncate(line, width));
}

/** An incident that is not over stands out. */
function incidentText(incident: Incident, { at }: Sample, paint: Screen["paint"]): string {
  const line = incidentLine(incident, at);
  return incident.endedAt === null ? paint.red(line) : line;
}

/** The part of the screen that notes may take: replicas have the rest. */
const NOTES_PART = 3;

/** The first notes that fit, and the number of notes left out. */
function fitNotes(notes: readonly string[], room: number): string[] {
  const most = Math.max(0, Math.floor(room / NOTES_PART));
  if (notes.length <= most) return [...notes];
  if (most < 2) return [];
  const shown = most - 1;
  return [...notes.slice(0, shown), `and ${notes.length - shown} more lines`];
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
    `${connections} ${connections === 1 ? "connection" : "connections"}`,
  ].join("  ");
}

/** Characters beside the three charts of the last minute. */
const CHART_LABELS = "last minute: requests   held   p99 ".length;
/** A chart has a character for each second at most. */
const LONGEST_CHART = 60;

/** The last minute. */
function sparklines({ requests, held, p99Ms }: LastMinute, width: number): string {
  const chart = Math.min(LONGEST_CHART, Math.max(1, Math.floor((width - CHART_LABELS) / 3)));
  return `last minute: requests ${sparkline(requests, chart)}  held ${sparkline(held, chart)}  ` +
    `p99 ${sparkline(p99Ms, chart)}`;
}

/** The table; if not all replicas fit, those that are not ready come first. */
function tableOf(sample: Sample, look: Look, room: number): string[] {
  const all = rowsOf(sample);
  if (all.length === 0) return [];
  const shown = Math.max(1, room - 2);
  const fits = all.length < room;
  const rows = fits ? all : all.toSorted((a, b) => readiness(a) - readiness(b)).slice(0, shown);
  const columns = fitting(essential(look), wanted(sample), rows, look.width);
  const lines = tableLines(columns, rows, look);
  return fits ? lines : [...lines, leftOut(all, rows)];
}

function readiness({ state }: Row): number {
  return state === "ready" ? 1 : 0;
}

function leftOut(all: readonly Row[], shown: readonly Row[]): string {
  const hidden = all.length - shown.length;
  const down = all.filter((row) => !readiness(row) && !shown.includes(row)).length;
  return `and ${hidden} more, ${down === 0 ? "all ready" : `${down} of them not ready`}`;
}

function rowsOf({ status, load, rates }: Sample): Row[] {
  return status.replicas.map((replica): Row => ({
    ...replica,
    slotShare: replica.slots / status.slots,
    load: load?.replicas[replica.name],
    rates: rates?.replicas.get(replica.name),
  }));
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
    ...(machines ? [{ title: "MACHINE", cell: machineCell }] : []),
    right("REQ/S", ({ rates }) => rate(rates?.requestsPerSecond), "99999"),
    right("ERR/S", ({ rates }) => rate(rates?.errorsPerSecond), "99999"),
    right("FOR", ({ since }) => age(now - Date.parse(since)), "119 min"),
    { title: "ADDRESS", cell: ({ address }) => address ?? UNKNOWN },
    right("HOLD", ({ load }) => milliseconds(load?.holdP99Ms), "999 ms"),
  ];
}

/** @param widest the usual maximum width */
function right(title: string, cell: (row: Row) => string, widest = ""): Column<Row> {
  return { title, align: "right", cell, least: widest.length };
}
