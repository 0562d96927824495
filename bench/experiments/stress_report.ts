/**
 * The stress test in words.
 *
 * @module
 */
import { REQUESTS } from "./census.ts";
import { fixed, tableOf, whole } from "./markdown.ts";
import type { StressData } from "./stress.ts";

/** The section. */
export function stressReport(data: StressData): string {
  const { requests, inFlight, atReplicas, lost, restarts, replicas, answers } = data;
  return [
    `${
      whole(requests)
    } clients, each with a connection of its own and one request, ids from 0, default settings, three replicas. The service behind the balancer keeps every request until all have arrived (or none has arrived for three seconds), and then answers all at once. They are sent as fast as they get there, with at most a hundred on their way: what is tried is how many can be in flight.`,
    tableOf(["", "measured"], [
      ["requests", whole(requests)],
      ["in flight at one moment, as the clients count (sent, not answered)", whole(inFlight)],
      ["in hand at the replicas at one moment, as those count", whole(atReplicas)],
      ["**lost**", `**${lost.length}**`],
      ["replicas replaced meanwhile", restarts],
      ["seconds until the replicas had them", seconds(data.risingMs)],
      ["seconds from then to the last answer", seconds(data.answeringMs)],
      ...replicas.map((name, at) => [`answered by ${name}`, whole(answers[at] ?? NaN)]),
    ]),
    ...lost.length > 0 ? [lossOf(data)] : [],
    filesText(data),
  ].join("\n\n");
}

/** What was lost, in the words of the answers. */
function lossOf({ lost }: StressData): string {
  const words = new Set(lost.map((text) => text.replace(/^\d+: /, "")));
  const shown = [...words].slice(0, 3).map((text) => `\`${text}\``).join(", ");
  return `What was lost: ${shown}.`;
}

function filesText({ requests, openFiles }: StressData): string {
  const text =
    `A request in flight takes two connections of the balancer, one on either side, and so two of the files that a process may have open: ${
      whole(openFiles)
    } here (\`ulimit -n\`, raised to the hard limit).`;
  if (requests >= REQUESTS) return text;
  return `${text} ${whole(REQUESTS)} requests would take ${
    whole(2 * REQUESTS)
  } and those that the balancer has open besides, which this machine does not allow: ${
    whole(requests)
  } is what fits. With a higher limit the same command sends ${whole(REQUESTS)}.`;
}

function seconds(ms: number): string {
  return fixed(ms / 1000, 1);
}
