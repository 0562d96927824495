/**
 * The report: written from what was found, no figure by hand.
 *
 * @module
 */
import { tableOf } from "./markdown.ts";
import type { Kept, Part } from "./part.ts";

const HEAD = `# Experiments

<!-- Written by deno task experiments; every figure comes from docs/experiments/*.json. -->

What the seed document measures of its load balancer, measured here on the real one, and a few
things more. Every run starts the balancer by the command of \`deno task balancer\` on a free port
with a fleet of its own, and sends requests through its public port over connections that are kept
alive. Who answered is read from the answer itself (\`Hello from Server: 3\`).

Where slots are by the request's id, as in the seed document, requests carry the ids 0 to 9999 as
\`X-Request-Id\`; the text says where they do not. Real figures come from answers to requests. Those
that are computed from a ring alone are called computed.

To repeat: \`deno task experiments\`, or a part of it as each part says.`;

/**
 * The report of some parts.
 *
 * @param found the parts that have run, with what they found
 */
export function reportOf(found: readonly (readonly [Part, Kept])[]): string {
  const sections = found.map(([part, kept]) => sectionOf(part, kept));
  return `${[HEAD, ...sections, runsOf(found)].join("\n\n")}\n`;
}

function sectionOf(part: Part, kept: Kept): string {
  const charts = new Map(part.charts(kept.data).map(({ name, alt }) => [name, alt]));
  const chart = (name: string) =>
    `[![${charts.get(name)}](experiments/${name}.png)](experiments/${name}.svg)`;
  const files = part.name.toLowerCase();
  const source = `${commandOf(kept)} ([JSON](experiments/${files}.json), ` +
    `[CSV](experiments/${files}.csv))`;
  return [`## ${part.name}: ${part.title}`, source, part.report(kept.data, chart)].join("\n\n");
}

function commandOf({ part, engine }: Kept): string {
  return `\`deno task experiments --only ${part}${engine === "docker" ? " --engine docker" : ""}\``;
}

/** When and where each part ran: they need not be of the same run. */
function runsOf(found: readonly (readonly [Part, Kept])[]): string {
  const lines = found.map(([{ name }, { date, engine, seconds, version, machine }]) => [
    name,
    `${date.slice(0, 16).replace("T", " ")} UTC`,
    engine,
    `${seconds} s`,
    version,
    `${machine["cpu"]}, ${machine["cores"]} cores, ${machine["memory"]}, ${machine["kernel"]}`,
    machine["loadAverage"] ?? "",
  ]);
  const head = ["part", "when", "replicas", "took", "version", "machine", "load before"];
  const table = tableOf(head, lines);
  return `## Runs\n\nReplicas are processes or containers; the load is the machine's load average of the minute before,\nwhich says whether it was quiet.\n\n${table}`;
}
