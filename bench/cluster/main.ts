/**
 * `deno task bench:cluster`: three balancers on three machines, each a Docker Engine in a network
 * namespace, when replicas and machines fail and while the ring changes.
 *
 * @module
 */
import { MACHINES_LACK } from "../../tests/harness/machines.ts";
import { print, printError } from "../../tools/print.ts";
import { ToolError } from "../../tools/tool.ts";
import { describeMachine, ownVersion } from "../harness/machine.ts";
import { BenchOptions } from "../harness/options.ts";
import { saveResult } from "../harness/result.ts";
import { runBench } from "../harness/run.ts";
import { tableOf } from "../harness/table.ts";
import { type Agreement, change } from "./agreement.ts";
import { Balancers } from "./balancers.ts";
import { type Costs, costs } from "./costs.ts";
import { killReplicas, powerOff, type Strikes } from "./strikes.ts";

/** The values of the command line. */
interface Options {
  readonly kills: number;
  readonly offs: number;
  readonly changes: number;
  readonly out: string;
}

const OPTIONS = new BenchOptions(
  "bench:cluster",
  "Measures three balancers on three machines. Needs root, dockerd and the image of the replicas.",
  "The whole takes about ten minutes.",
)
  .number("--kills", "kills of a replica, with and without a spare", [1, 1000], {
    full: 30,
    quick: 3,
  })
  .number("--offs", "machines that lose their power, of each kind", [0, 20], { full: 3, quick: 1 })
  .number("--changes", "changes of the ring under load", [1, 1000], 20)
  .folder("the folder of the result", "docs/bench", {
    ...{ full: "docs/bench", quick: ".run/bench-cluster" },
  })
  .flag("--quick", "few failures, and a result apart from those that are kept");

interface Result {
  readonly costs: Costs;
  readonly kills: Strikes;
  readonly killsWithSpare: Strikes;
  readonly agreement: Agreement;
  readonly follower: readonly Strikes[];
  readonly leader: readonly Strikes[];
}

async function main({ kills, offs, changes, out }: Options): Promise<void> {
  if (MACHINES_LACK !== undefined) throw new ToolError(`the bench needs ${MACHINES_LACK}`);
  const date = new Date().toISOString();
  const machine = await describeMachine();
  let figures: Partial<Result> = {};
  const faults: string[] = [];
  const parts: Record<string, () => Promise<Partial<Result>>> = {
    "costs at rest, changes, kills": () => measureOne(kills, changes),
    "kills with a spare": async () => ({ killsWithSpare: await measureSpares(kills) }),
    "machines without power": () => measureOffs(offs),
  };
  // A part that fails does not take the others' figures with it.
  for (const [name, measure] of Object.entries(parts)) {
    printError(`three machines: ${name}`);
    try {
      figures = { ...figures, ...await measure() };
    } catch (error) {
      faults.push(`${name}: ${error instanceof Error ? error.message : error}`);
    }
    print(tableOf(["figure", "goal", "measured"], rowsOf(figures)));
  }
  const page = [tableOf(["figure", "goal", "measured"], rowsOf(figures)), ...faults].join("\n\n");
  if (faults.length > 0) print(faults.join("\n"));
  const saved = { date, machine, version: await ownVersion(), figures, faults };
  const title = "# Three balancers on three machines";
  await saveResult({ result: saved, page: `${title}\n\n${page}\n`, name: "cluster", out });
}

async function measureOne(
  kills: number,
  changes: number,
): Promise<Pick<Result, "costs" | "kills" | "agreement">> {
  await using balancers = await Balancers.start({});
  const rest = await costs(balancers.all.map(({ balancer }) => balancer.pid));
  const agreement = await change(balancers, changes);
  return { costs: rest, agreement, kills: await killReplicas(balancers, kills) };
}

async function measureSpares(kills: number): Promise<Strikes> {
  await using balancers = await Balancers.start({ LB_SPARES: "1" });
  await balancers.untilOne(({ spares }) => spares[0]?.state === "ready");
  return await killReplicas(balancers, kills);
}

async function measureOffs(offs: number): Promise<Pick<Result, "follower" | "leader">> {
  const follower: Strikes[] = [];
  const leader: Strikes[] = [];
  for (let off = 0; off < offs; off++) {
    for (const [list, isLeader] of [[follower, false], [leader, true]] as const) {
      printError(`three machines: power off of ${isLeader ? "the leader" : "another one"}`);
      await using balancers = await Balancers.start({});
      list.push(await powerOff(balancers, isLeader));
    }
  }
  return { follower, leader };
}

function rowsOf(result: Partial<Result>): string[][] {
  const { costs, kills, killsWithSpare, agreement, follower = [], leader = [] } = result;
  const all = [kills, killsWithSpare, ...follower, ...leader].filter((one) => one !== undefined);
  const full = (...list: readonly (Strikes | undefined)[]) =>
    ms(list.flatMap((one) => one?.strikes.map(({ fullMs }) => fullMs) ?? []));
  return [
    ["kill: out of all views", "60 ms", ms(kills?.strikes.map(({ outMs }) => outMs) ?? [])],
    ["kill: full ring at all", "800 ms", full(kills)],
    ["kill with a spare: full ring", "100 ms", full(killsWithSpare)],
    ["machine without leader off: full ring", "2500 ms", full(...follower)],
    ["machine of the leader off: full ring", "14000 ms", full(...leader)],
    ["requests lost", "0", `${lostOf(all)} of ${servedOf(all)}`],
    ["pairs of epoch and digest that disagree", "0", `${agreement?.disagreeing ?? "-"}`],
    ["window of different epochs", "10 ms", ms(agreement?.windowsMs ?? [])],
    ["answer to a change", "", ms(agreement?.answersMs ?? [])],
    ["memory of a balancer", "", `${costs?.rssMb.map((mb) => mb.toFixed(0)).join(", ")} MB`],
    ["a core at rest", "", `${costs?.cpu.map((part) => (part * 100).toFixed(1)).join(", ")} %`],
  ];
}

function lostOf(all: readonly Strikes[]): number {
  return all.reduce((sum, { lost }) => sum + lost.length, 0);
}

function servedOf(all: readonly Strikes[]): number {
  return all.reduce((sum, { served, lost }) => sum + served + lost.length, 0);
}

/** Smallest, median and largest. */
function ms(values: readonly number[]): string {
  if (values.length === 0) return "not measured";
  const sorted = values.toSorted((a, b) => a - b);
  const at = (part: number) => sorted[Math.floor(part * (sorted.length - 1))]!.toFixed(0);
  return `${at(0)} / ${at(0.5)} / ${at(1)} ms`;
}

if (import.meta.main) await runBench("bench-cluster", OPTIONS, main);
