/**
 * `deno task bench:heal`: the cost of a failure, the balancer beside HAProxy, in one run.
 *
 * @module
 */
import { print } from "../../tools/print.ts";
import { describeMachine, ownVersion, versionLine } from "../harness/machine.ts";
import { saveResult } from "../harness/result.ts";
import { interruptible, runBench } from "../harness/run.ts";
import { killBalancers } from "./balancer_kills.ts";
import { compete } from "./contest.ts";
import type { Contestant } from "./contestant.ts";
import { HAPROXY } from "./haproxy.ts";
import { CONNECTIONS } from "./mixed_load.ts";
import { healOptions, type Options } from "./options.ts";
import { ownContestant } from "./own.ts";
import {
  BALANCER_LINES,
  type Column,
  drawResult,
  FAILURE_LINES,
  type Result,
  type Table,
  textOf,
} from "./result.ts";
import { openRoom, type Room } from "./room.ts";
import { kill, pause } from "./strikes.ts";

/** One column of a table, when it is its turn. */
interface Part {
  readonly name: string;
  readonly table: keyof typeof TITLES;
  readonly run: (room: Room, options: Options) => Promise<Column>;
}

const TITLES = {
  "kills": `kills: one of three replicas by kill -9, ${CONNECTIONS} connections of mixed load`,
  "pauses": "pauses: one of three containers by docker pause, the same load",
  "balancer kills": "balancer kills: kill -9 of the balancer in the middle of a heal, no load",
};

const CONTESTANTS: readonly Contestant[] = [
  ownContestant("docker-cold", "docker", 0),
  ownContestant("docker-spare", "docker", 1),
  ownContestant("process-cold", "process", 0),
  ownContestant("process-spare", "process", 1),
  HAPROXY,
];

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
      const turn = { strike: pause, count: options.pause, ...times(options) };
      return compete(ownContestant("pause", "docker", 0), room, turn);
    },
  },
  ...(["docker", "process"] as const).map((engine): Part => ({
    name: `balancer-${engine}`,
    table: "balancer kills",
    run: (room, { balancerKills }) => killBalancers(engine, balancerKills, room),
  })),
];

async function main(options: Options): Promise<void> {
  await using room = await openRoom(options.seed, interruptible());
  const result = await play(room, options);
  const name = `heal${options.quick ? "-quick" : ""}`;
  await saveResult({ result, chart: await drawResult(result), name, out: options.out });
}

async function play(room: Room, options: Options): Promise<Result> {
  const date = new Date().toISOString();
  const machine = await describeMachine();
  const { only, kills, pause: pauses, balancerKills, rest, seed } = options;
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
    print(`\n${textOf(table)}\n`);
  }
  const asked = { kills, pauses, balancerKills, rest, seed, connections: CONNECTIONS };
  return { date, machine, versions: await versions(), options: asked, tables };
}

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

const options = healOptions(PARTS.map(({ name }) => name));
if (import.meta.main) await runBench("bench-heal", options, main);
