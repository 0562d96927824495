/**
 * Failures of replicas and machines under load, and the times until all balancers have overcome
 * them.
 *
 * @module
 */
import { Load } from "../../tests/harness/load.ts";
import { printError } from "../../tools/print.ts";
import { ToolError } from "../../tools/tool.ts";
import { now } from "../harness/clock.ts";
import { signalProcess } from "../harness/program.ts";
import { sum } from "../harness/statistics.ts";
import { type Contestant, type Front, type Instance, REPLICAS, untilAll } from "./contestant.ts";
import { processesOf } from "./processes.ts";

/** Pause of each client between two requests, in milliseconds: two cores carry everything. */
const PAUSE_MS = 10;

/** Clients of each balancer. */
const CLIENTS = 2;

/** The times of one failure, in milliseconds. */
interface Strike {
  /** Until no balancer routed to the instances that failed. */
  readonly outMs: number;
  /** Until every balancer routed to all replicas again. */
  readonly fullMs: number;
}

/** Failures of one kind, and the requests during all of them. */
export interface Strikes {
  readonly strikes: readonly Strike[];
  readonly served: number;
  readonly lost: number;
  /** Some answers and errors of lost requests. */
  readonly reasons: readonly string[];
}

/** No failure yet. */
export const NO_STRIKES: Strikes = { strikes: [], served: 0, lost: 0, reasons: [] };

/** Most tries to get a replica onto a machine. */
const PLACEMENTS = 5;

/** Most reasons that are kept. */
const REASONS = 20;

/** Failures of one kind in several runs. */
export function together(all: readonly Strikes[]): Strikes {
  return {
    strikes: all.flatMap(({ strikes }) => strikes),
    served: sum(all.map(({ served }) => served)),
    lost: sum(all.map(({ lost }) => lost)),
    reasons: someOf(all.flatMap(({ reasons }) => reasons)),
  };
}

/**
 * Kills a replica on another machine than the first, and waits until everything is repaired.
 *
 * @param contestant the system
 * @param turn number of the kill; it chooses the replica
 */
export async function killReplica(contestant: Contestant, turn: number): Promise<Strikes> {
  return await underLoad(contestant.fronts, async () => {
    const all = await contestant.instances();
    const others = all.filter(({ machine }) => machine !== contestant.fronts[0]?.machine);
    const victim = others[turn % others.length];
    if (!victim) throw new ToolError("there is no replica on another machine");
    return await kill(contestant, victim);
  });
}

/**
 * Takes the power from a machine.
 *
 * @param contestant the system
 * @param leader whether it is the machine of the swarm's leader; else it is another one
 */
export async function powerOff(contestant: Contestant, leader: boolean): Promise<Strikes> {
  const { machines } = contestant;
  const lead = await leaderOf(contestant);
  // Not the first of the others, which was started first and has the lease.
  const machine = leader ? lead : machines.all.findLast((one) => one !== lead) ?? 0;
  const victims = await instancesOn(contestant, machine);
  const survivors = contestant.fronts.filter((front) => front.machine !== machine);
  return await underLoad(survivors, async () => {
    const begin = now();
    const off = contestant.off(machine);
    const ends = await endsOf(contestant, victims);
    await off;
    return strikeOf(begin, ends);
  });
}

async function kill(contestant: Contestant, victim: Instance): Promise<Strike> {
  const pids = await processesOf(victim.container);
  const ends = endsOf(contestant, [victim]);
  const kills = Promise.all(pids.map((pid) => signalProcess("KILL", pid)));
  const strike = strikeOf(Math.min(...await kills), await ends);
  await contestant.rest();
  return strike;
}

/**
 * Returns the instances on a machine. Where Swarm placed none there, one of another machine is
 * killed, since the next one starts on the emptiest machine.
 */
async function instancesOn(contestant: Contestant, machine: number): Promise<Instance[]> {
  for (let tries = 0; tries < PLACEMENTS; tries++) {
    const all = await contestant.instances();
    const found = all.filter((one) => one.machine === machine);
    if (found.length > 0) return found;
    const crowded = all.find((one) => all.some((other) => isBeside(one, other)));
    if (!crowded) break;
    printError("  no replica is on the machine: another one is killed");
    await kill(contestant, crowded);
  }
  throw new ToolError(`no replica is on machine ${machine}`);
}

function isBeside(one: Instance, other: Instance): boolean {
  return one.id !== other.id && one.machine === other.machine;
}

/** Number of the machine whose manager leads the swarm. */
async function leaderOf({ machines }: Contestant): Promise<number> {
  const format = "{{.Hostname}} {{.ManagerStatus}}";
  const roles = await machines.docker(1, "node", "ls", "--format", format);
  const lead = roles.split("\n").find((row) => row.endsWith("Leader"))?.split(" ")[0];
  return machines.all.find((one) => machines.nameOf(one) === lead) ?? 0;
}

/** When all balancers had left the victims, and when they had a full ring without them. */
function endsOf(contestant: Contestant, victims: readonly Instance[]): Promise<[number, number]> {
  const isOut = (ready: ReadonlySet<string>) => victims.every(({ id }) => !ready.has(id));
  return Promise.all([
    untilAll(contestant, isOut),
    untilAll(contestant, (ready) => isOut(ready) && ready.size === REPLICAS),
  ]);
}

function strikeOf(begin: number, [out, full]: readonly [number, number]): Strike {
  return { outMs: out - begin, fullMs: full - begin };
}

async function underLoad(
  fronts: readonly Front[],
  strike: () => Promise<Strike>,
): Promise<Strikes> {
  const loads = fronts.map(({ url }) => new Load(`${url}/home`, CLIENTS, PAUSE_MS));
  try {
    const done = await strike();
    const result = await resultOf(loads);
    printError(`  out ${ms(done.outMs)}, full ${ms(done.fullMs)}, ${lossOf(result)}`);
    return { strikes: [done], ...result };
  } catch (error) {
    if (!(error instanceof ToolError)) throw error;
    throw new ToolError(`${error.message}, ${lossOf(await resultOf(loads))}`, error.exitCode);
  } finally {
    await resultOf(loads);
  }
}

async function resultOf(loads: readonly Load[]): Promise<Omit<Strikes, "strikes">> {
  const results = await Promise.all(loads.map((load) => load.stop()));
  const failed = results.flatMap(({ failed }) => failed);
  return {
    served: sum(results.flatMap(({ served }) => [...served.values()])),
    lost: failed.length,
    reasons: someOf(failed),
  };
}

function someOf(reasons: readonly string[]): string[] {
  return [...new Set(reasons)].slice(0, REASONS);
}

function lossOf({ served, lost }: Omit<Strikes, "strikes">): string {
  return `lost ${lost} of ${served + lost}`;
}

function ms(value: number): string {
  return `${value.toFixed(0)} ms`;
}
