/**
 * The report: written from the data, no figure by hand.
 *
 * @module
 */
import { tableOf } from "../harness/table.ts";
import type { Kept, Part } from "./part.ts";

const HEAD = `# Experiments

<!-- Written by deno task experiments; every figure comes from docs/experiments/*.json. -->

The measurements of the seed document's load balancer, made here with the real one, and a few more.
Every run starts the balancer by the command of \`deno task balancer\` on a free port with a fleet of
its own, and sends requests through its public port over connections that are kept alive. The
replica that answered is read from the answer itself (\`Hello from Server: 3\`).

Where slots are by the request's id, as in the seed document, requests carry the ids 0 to 9999 as
\`X-Request-Id\`; the text says where they do not. Real figures come from answers to requests. Figures
from a ring alone are called computed.

To repeat: \`deno task experiments\`, or one experiment by the command above its text.`;

const RUNS = `## Runs

Replicas are processes or containers; the load is the machine's load average of the minute before,
which says whether it was quiet.`;

/**
 * The report of some experiments.
 *
 * @param found the experiments that have run, with their data
 */
export function reportOf(found: readonly (readonly [Part, Kept])[]): string {
  const sections = found.map(([part, kept]) => sectionOf(part, kept));
  const head = ["part", "when", "replicas", "took", "version", "machine", "load before"];
  const runs = tableOf(head, found.map(([, kept]) => runRow(kept)));
  return `${[HEAD, ...sections, RUNS, runs].join("\n\n")}\n`;
}

function sectionOf(part: Part, { engine, data }: Kept): string {
  const charts = new Map(part.charts?.(data).map(({ name, alt }) => [name, alt]));
  const chart = (name: string) => `![${charts.get(name)}](experiments/${name}.svg)`;
  const command = `deno task experiments --only ${part.name}`;
  const file = `experiments/${part.name.toLowerCase()}`;
  return [
    `## ${part.name}: ${part.title}`,
    `\`${command}${
      engine === "docker" ? " --engine docker" : ""
    }\` ([JSON](${file}.json), [CSV](${file}.csv))`,
    part.report(data, chart),
  ].join("\n\n");
}

function runRow({ part, date, engine, seconds, version, machine }: Kept) {
  return [
    part,
    `${date.slice(0, 16).replace("T", " ")} UTC`,
    engine,
    `${seconds} s`,
    version,
    `${machine["cpu"]}, ${machine["cores"]} cores, ${machine["memory"]}, ${machine["kernel"]}`,
    machine["loadAverage"] ?? "",
  ];
}
