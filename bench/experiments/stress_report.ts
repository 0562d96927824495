/**
 * The stress test in words.
 *
 * @module
 */
import { fixed, tableOf, whole } from "./markdown.ts";
import type { Rush, StressData } from "./stress.ts";

/** The section. */
export function stressReport({ rushes, openFiles }: StressData): string {
  return [
    `As many clients as requests, each with a connection of its own, ids from 0, default settings, three replicas. The service behind the balancer keeps every request until all have arrived (or none has arrived for three seconds), and then answers all at once. Requests are sent at a pace of about a thousand each second, so that what is tried is how many can be in flight.`,
    tableOf(["requests", ...rushes.map(({ requests }) => whole(requests))], linesOf(rushes)),
    `A request in flight takes two connections of the balancer, one on either side, and so two of the files that a process may have open: ${
      whole(openFiles)
    } here (\`ulimit -n\`, raised to the hard limit).${rushes.length > 1 ? SHORT : ""}`,
    ...rushes.filter(({ lost }) => lost.length > 0).map(lossOf),
  ].join("\n\n");
}

const SHORT =
  " That is a few too few for 10,000, so that the first run has as many requests as fit, and the second one shows what happens when files run out.";

function linesOf(rushes: readonly Rush[]): (string | number)[][] {
  const names = rushes[0]?.replicas ?? [];
  return [
    ["in flight at one moment: sent and not answered", ...rushes.map((one) => whole(one.inFlight))],
    ["in hand at the replicas at one moment", ...rushes.map((one) => whole(one.atReplicas))],
    ["**lost**", ...rushes.map(({ lost }) => `**${lost.length}**`)],
    ["replicas replaced meanwhile", ...rushes.map(({ restarts }) => restarts)],
    ["seconds until the replicas had them", ...rushes.map((one) => seconds(one.risingMs))],
    ["seconds from then to the last answer", ...rushes.map((one) => seconds(one.answeringMs))],
    ...names.map((name, at) => [
      `answered by ${name}`,
      ...rushes.map(({ answers }) => whole(answers[at] ?? NaN)),
    ]),
  ];
}

/** What was lost, in the words of the answers. */
function lossOf({ requests, lost }: Rush): string {
  const words = new Set(lost.map((text) => text.replace(/^\d+: /, "")));
  const shown = [...words].slice(0, 3).map((text) => `\`${text}\``).join(", ");
  return `Lost of ${whole(requests)}: ${shown}.`;
}

function seconds(ms: number): string {
  return fixed(ms / 1000, 1);
}
