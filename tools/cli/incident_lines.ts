/**
 * Formats incidents.
 *
 * @module
 */
import type { Incident } from "../../balancer/answers/incident.ts";
import { age, milliseconds, plain } from "./figures.ts";
import { type Column, type Look, tableLines } from "./table.ts";

/**
 * Formats the output of `incidents`: newest first, times after the first sign.
 *
 * @param incidents the balancer's answer
 * @param look colours and width
 */
export function incidentLines(incidents: readonly Incident[], look: Look): string[] {
  if (incidents.length === 0) return ["no incidents"];
  const notes = incidents.flatMap(endingLines);
  const table = tableLines(COLUMNS, incidents, look);
  return notes.length === 0 ? table : [...table, "", ...notes];
}

/** The instance's end, its last output and the failed starts, if known. */
function endingLines(incident: Incident): string[] {
  const { name, at, exit, lastWords, failedStarts, startFailure } = incident;
  const facts = [
    ...(exit === null ? [] : [plain(exit)]),
    ...(startFailure === null ? [] : [`${failedStarts} failed starts: ${plain(startFailure)}`]),
    ...(lastWords.length === 0 ? [] : ["it wrote:"]),
  ];
  if (facts.length === 0) return [];
  return [`${name} at ${at}: ${facts.join("; ")}`, ...lastWords.map((line) => `  ${plain(line)}`)];
}

/** Whole milliseconds: the balancer's clock has no finer ones. */
function after(ms: number | null): string {
  return ms === null ? "–" : String(ms);
}

const COLUMNS: readonly Column<Incident>[] = [
  { title: "REPLICA", cell: ({ name }) => name },
  { title: "AT", cell: ({ at }) => at },
  { title: "OUT MS", align: "right", cell: ({ timings }) => after(timings.eject) },
  { title: "READY MS", align: "right", cell: ({ timings }) => after(timings.ready) },
  { title: "FULL MS", align: "right", cell: ({ timings }) => after(timings.release) },
  { title: "HELD", align: "right", cell: ({ requests }) => String(requests.held) },
  { title: "LOST", align: "right", cell: ({ requests }) => String(requests.lost) },
  { title: "SIGNAL", cell: ({ signal }) => plain(signal) },
];

/**
 * Formats one incident as one line.
 *
 * @param incident the incident
 * @param now milliseconds since the epoch
 */
export function incidentLine(
  { name, at, endedAt, signal, timings, requests }: Incident,
  now: number,
): string {
  const healed = timings.release !== null
    ? `healed after ${milliseconds(timings.release)}`
    : endedAt === null
    ? "not healed yet"
    : "gone before it was healed";
  const { held, lost } = requests;
  return `${name} failed ${age(now - Date.parse(at))} ago, ${healed}, ${held} held, ` +
    `${lost} lost: ${plain(signal)}`;
}
