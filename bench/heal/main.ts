/**
 * `deno task bench:heal`: what a failure costs, the balancer beside HAProxy, in one run.
 *
 * @module
 */
import { takeLock } from "../../tools/up/lock.ts";
import { say } from "../../tools/print.ts";
import { runTool } from "../../tools/tool.ts";
import { interruptible } from "../harness/interruption.ts";
import { describeMachine, ownVersion, versionLine } from "../harness/machine.ts";
import { saveResult } from "../harness/save.ts";
import { killBalancers } from "./balancer_kills.ts";
import { drawChart } from "./chart.ts";
import { compete } from "./contest.ts";
import { CONTESTANTS } from "./contestants.ts";
import { CONNECTIONS } from "./load.ts";
import { BALANCER_LINES, FAILURE_LINES } from "./metrics.ts";
import { HELP, type Options, readOptions } from "./options.ts";
import { ownContestant } from "./own.ts";
import type { Column, Result, Table } from "./result.ts";
import { openRoom, type Room } from "./room.ts";
import { kill, pause } from "./strikes.ts";
import { tableLines } from "./table.ts";

/** One column of a table, when it is its turn. */
interface Part {
  readonly name: string;
  readonly table: "kills" | "pauses" | "balancer kills";
  readonly run: (room: Room, options: Options) => Promise<Column>;
}

const PARTS: readonly Part[] = [
  ...CONTESTANTS.map((contestant): Part => ({
    name: contestant.name,
    table: "kills",
    run: (room, options) =>
      compete(contestant, room, { strike: kill, count: options.kills, ...times(options) }),
  })),
  {
    name: "pause",
    table: "pauses",
    run: (room, options) => {
      const turn = { strike: pause, count: options.pauses, ...times(options) };
      return compete(ownContestant("pause", "docker", 0), room, turn);
    },
  },
  ...(["docker", "process"] as const).map((engine): Part => ({
    name: `balancer-${engine}`,
    table: "balancer kills",
    run: (room, { balancerKills }) => killBalancers(engine, balancerKills, room),
  })),
];

async function main(): Promise<void> {
  const options = readOptions(Deno.args, PARTS.map(({ name }) => name));
  if (options.help) return say(HELP);
  using _lock = await takeLock("bench-heal");
  const interruption = interruptible();
  await using room = await openRoom(options.seed, interruption);
  const result = await play(room, options);
  const name = `heal${options.quick ? "-quick" : ""}`;
  await saveResult({ result, chart: await drawChart(result), name, out: options.out });
}

async function play(room: Room, options: Options): Promise<Result> {
  const date = new Date().toISOString();
  const machine = await describeMachine();
  const { only, kills, pauses, balancerKills, rest, seed } = options;
  const chosen = PARTS.filter(({ name }) => only.length === 0 || only.includes(name));
  const tables: Table[] = [];
  for (const name of new Set(chosen.map(({ table }) => table))) {
    const columns: Column[] = [];
    for (const part of chosen.filter(({ table }) => table === name)) {
      columns.push(await part.run(room, options));
    }
    const lines = name === "balancer kills" ? BALANCER_LINES : FAILURE_LINES;
    const table = { name, title: TITLES[name], lines, columns };
    tables.push(table);
    say(`\n${tableLines(table).join("\n")}\n`);
  }
  const asked = { kills, pauses, balancerKills, rest, seed, connections: CONNECTIONS };
  return { date, machine, versions: await versions(), options: asked, tables };
}

const TITLES: Readonly<Record<Part["table"], string>> = {
  "kills": `kills: one of three replicas by kill -9, ${CONNECTIONS} connections of mixed load`,
  "pauses": "pauses: one of three containers by docker pause, the same load",
  "balancer kills": "balancer kills: kill -9 of the balancer in the middle of a heal, no load",
};

function times({ seconds, rest }: Options): { quietMs: number; restMs: number } {
  return { quietMs: seconds * 1000, restMs: rest * 1000 };
}

async function versions(): Promise<Record<string, string>> {
  return {
    ringkeeper: await ownVersion(),
    haproxy: await versionLine("haproxy", "-v"),
    docker: await versionLine("docker", "version --format '{{.Server.Version}}'"),
  };
}

if (import.meta.main) await runTool(main);
