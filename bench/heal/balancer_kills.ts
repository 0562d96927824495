/**
 * The balancer itself is killed in the middle of a heal, and started again with the same settings.
 *
 * @module
 */
import { printError } from "../../tools/print.ts";
import type { BenchBalancer, EngineName } from "../harness/balancer.ts";
import { eventually, now, pass } from "../harness/clock.ts";
import { signalProcess } from "../harness/program.ts";
import { type Chance, chance, oneOf } from "../harness/random.ts";
import { columnOf } from "./contest.ts";
import { REPLICAS } from "./contestant.ts";
import { ownBalancer } from "./own.ts";
import type { Column } from "./result.ts";
import type { Room } from "./room.ts";
import { spread } from "./summary.ts";

/** One more than the settings ask for: the added replica must not be forgotten. */
const DESIRED = REPLICAS + 1;
/** Milliseconds that a heal takes about: the balancer dies at a random moment of it. */
const HEAL_MS = 800;
/** Milliseconds until the fleet counts as not converged. */
const DEADLINE_MS = 60_000;

/** A death of the balancer; milliseconds from its start on. */
interface Death {
  readonly readyMs: number;
  readonly cleanMs: number;
  readonly fault?: string;
}

/** Kills a balancer again and again. */
export async function killBalancers(
  engine: EngineName,
  count: number,
  room: Room,
): Promise<Column> {
  const name = `balancer-${engine}`;
  const about = `ringkeeper, replicas as ${engine === "docker" ? "containers" : "processes"}`;
  return await columnOf(
    { name, about, kind: "own" },
    room.signal,
    async () => summaryOf(await killAll(name, engine, count, room)),
  );
}

function summaryOf(deaths: readonly Death[]): Pick<Column, "values" | "losses"> {
  const healed = deaths.filter(({ fault }) => fault === undefined);
  return {
    values: {
      killed: deaths.length,
      unhealed: deaths.length - healed.length,
      ...spread("ready", healed.map(({ readyMs }) => readyMs)),
      ...spread("clean", healed.map(({ cleanMs }) => cleanMs)),
    },
    losses: deaths.flatMap(({ fault }) => fault ?? []),
  };
}

async function killAll(
  name: string,
  engine: EngineName,
  count: number,
  room: Room,
): Promise<Death[]> {
  await using balancer = ownBalancer(room, name, engine, 0);
  await balancer.start();
  await balancer.untilWhole(room.signal);
  await balancer.request("POST", "/add", { n: DESIRED - REPLICAS, hostnames: [] });
  const draw = chance(room.seed);
  const deaths: Death[] = [];
  for (let at = 1; at <= count; at++) {
    const death = await killOnce(balancer, draw, room.signal);
    deaths.push(death);
    const { readyMs, cleanMs, fault } = death;
    const times = `ready after ${readyMs.toFixed(0)} ms, clean after ${cleanMs.toFixed(0)} ms`;
    printError(`  ${at} of ${count}: ${fault ?? times}`);
  }
  return deaths;
}

async function killOnce(
  balancer: BenchBalancer,
  draw: Chance,
  signal: AbortSignal,
): Promise<Death> {
  const { name } = oneOf((await balancer.status())?.replicas ?? [], draw);
  const instance = await balancer.instanceOf(name);
  await signalProcess("KILL", await balancer.pidOf(instance));
  await pass(HEAL_MS * draw(), signal);
  await balancer.kill();
  const at = now();
  await balancer.launch();
  const isReady = async () => {
    const { desired, ready } = await balancer.status() ?? {};
    return desired === DESIRED && ready === DESIRED;
  };
  const isDone = async () => isClean(await balancer.running());
  const ready = await eventually(isReady, DEADLINE_MS, signal);
  const readyMs = now() - at;
  const clean = await eventually(isDone, DEADLINE_MS, signal);
  const times = { readyMs, cleanMs: now() - at };
  if (ready && clean) return times;
  const { desired, ready: count } = await balancer.status() ?? {};
  const running = (await balancer.running()).join(", ");
  return { ...times, fault: `${count} of ${desired} ready, ${DESIRED} asked for; ${running}` };
}

/** One instance for each replica, all at work, no name twice, no guard without a process. */
export function isClean(running: readonly string[]): boolean {
  const guards = running.filter((one) => one.startsWith("guard "));
  const services = running.filter((one) => !one.startsWith("guard "));
  const atWork = services.every((one) => one.startsWith("process ") || one.endsWith(" running"));
  return atWork && services.length === DESIRED && new Set(services).size === DESIRED &&
    guards.length <= DESIRED;
}
