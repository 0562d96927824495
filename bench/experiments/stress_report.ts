/**
 * The stress test in words.
 *
 * @module
 */
import { fixed, tableOf, whole } from "./markdown.ts";
import type { StressData } from "./stress.ts";

/** The section. */
export function stressReport(data: StressData): string {
  const { requests, inFlight, atReplicas, lost, restarts, openFiles } = data;
  return [
    `${
      whole(requests)
    } clients, each with a connection of its own and one request, ids 0 to 9999, default settings. The service behind the balancer keeps every request until all have arrived, and then answers.`,
    tableOf(["", "measured"], [
      ["in flight at one moment, as the clients count (sent, not answered)", whole(inFlight)],
      ["of them in hand at the replicas at one moment, as those count", whole(atReplicas)],
      ["**lost**", `**${lost.length}**`],
      ["replicas replaced meanwhile", restarts],
      ["seconds from the first request until the replicas had them", seconds(data.risingMs)],
      ["seconds from then to the last answer", seconds(data.answeringMs)],
      ...data.replicas.map((name, at) => [`answered by ${name}`, whole(data.answers[at] ?? NaN)]),
    ]),
    lost.length === 0 ? "" : `What was lost: ${lost.slice(0, 5).join("; ")}.`,
    filesText(data),
  ].filter((text) => text !== "").join("\n\n");

  function filesText({ requests, atReplicas }: StressData): string {
    const needs =
      `Each request in flight takes two connections of the balancer, one on either side, and so two of the ${
        whole(openFiles)
      } files that a process may have open here (\`ulimit -n\`, raised to the hard limit).`;
    return atReplicas >= requests
      ? needs
      : `${needs} That is too few for all: the last ones wait in the balancer until connections to replicas are free.`;
  }
}

function seconds(ms: number): string {
  return fixed(ms / 1000, 1);
}
