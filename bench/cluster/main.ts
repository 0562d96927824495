/**
 * `deno task bench:cluster`: three balancers on three machines, each a Docker Engine in a network
 * namespace, when replicas and machines fail and while the ring changes; beside HAProxy with Docker
 * Swarm's own restarts.
 *
 * @module
 */
import { lackOfMachines } from "../../tests/harness/machines.ts";
import { print } from "../../tools/print.ts";
import { ToolError } from "../../tools/tool.ts";
import { describeMachine, ownVersion } from "../harness/machine.ts";
import { BenchOptions, type ValuesOf } from "../harness/options.ts";
import { saveResult } from "../harness/result.ts";
import { interruptible, runBench } from "../harness/run.ts";
import { Measurement } from "./measurement.ts";
import { pageOf } from "./result.ts";

const OPTIONS = new BenchOptions(
  "bench:cluster",
  "Measures three balancers on three machines beside HAProxy with Docker Swarm. " +
    "Needs root, dockerd, haproxy and the image of the replicas.",
  "The whole takes about twenty minutes. Results are written after each part.",
)
  .number("--kills", "kills of a replica, of each system", [1, 1000], { full: 30, quick: 3 })
  .number("--offs", "machines other than the leader's that lose power", [0, 20], {
    ...{ full: 5, quick: 1 },
  })
  .number(
    "--leader-offs",
    "machines of the swarm's leader that lose power, without and with spares",
    [
      ...[0, 20] as const,
    ],
    { full: 3, quick: 1 },
  )
  .number("--peer-offs", "machines that lose power with HAProxy, of each kind", [0, 20], {
    ...{ full: 2, quick: 1 },
  })
  .number("--changes", "changes of the ring under load", [1, 1000], 20)
  .number("--minutes", "no part begins after this time", [1, 600], 20)
  .results("bench-cluster", "few failures, and a result apart from those that are kept");

type Options = ValuesOf<typeof OPTIONS>;

async function main({ out, ...options }: Options): Promise<void> {
  const lack = await lackOfMachines();
  if (lack !== undefined) throw new ToolError(`the bench needs ${lack}`);
  const [date, machine, version] = [
    new Date().toISOString(),
    await describeMachine(),
    await ownVersion(),
  ];
  const signal = interruptible();
  const measurement = new Measurement(options, signal);
  for await (const { figures, faults } of measurement.parts()) {
    const page = pageOf(figures, faults);
    print(page);
    const result = { date, machine, version, options, figures, faults };
    await saveResult({ result, page, name: "cluster", out });
  }
  signal.throwIfAborted();
}

if (import.meta.main) await runBench("bench-cluster", OPTIONS, main);
