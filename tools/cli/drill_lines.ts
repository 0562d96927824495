/**
 * Formats the result of a drill.
 *
 * @module
 */
import type { DrillReport } from "../../balancer/answers/incident.ts";
import { milliseconds, plain } from "./figures.ts";

/**
 * Formats a drill's report.
 *
 * @param report the balancer's answer
 */
export function drillLines({ passed, missed, load, incident }: DrillReport): string[] {
  const { requests, lost, p50Ms, p99Ms, slowestMs } = load;
  return [
    passed ? "passed" : "not passed:",
    ...missed.map((line) => `  ${plain(line)}`),
    `load: ${requests} requests, ${lost} lost; p50 ${milliseconds(p50Ms)}, ` +
    `p99 ${milliseconds(p99Ms)}, slowest ${milliseconds(slowestMs)}`,
    ...(incident ? [healLine(incident)] : []),
  ];
}

function healLine(
  { name, signal, timings, requests }: NonNullable<DrillReport["incident"]>,
): string {
  const { eject, ready, release } = timings;
  return `${name}: ${plain(signal)}; out after ${milliseconds(eject)}, ready again after ` +
    `${milliseconds(ready)}, ring full after ${milliseconds(release)}; ${requests.held} requests ` +
    "waited";
}
