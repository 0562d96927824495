/**
 * The balancer itself is killed in the middle of a heal, and started again with the same settings.
 *
 * @module
 */
import { complain } from "../../tools/print.ts";
import { ToolError } from "../../tools/tool.ts";
import { eventually, now, pass } from "../harness/clock.ts";
import { isFault } from "./contest.ts";
import { REPLICAS } from "./contestant.ts";
import { pidOfContainer } from "../harness/docker.ts";
import { killProcess } from "../harness/killer.ts";
import type { EngineName } from "../harness/balancer.ts";
import { OwnBalancer } from "./own_balancer.ts";
import { type Chance, chance, oneOf } from "../harness/random.ts";
import type { Column } from "./result.ts";
import { networkOf, type Room } from "./room.ts";
import { spread } from "./summary.ts";

/** One more than the settings ask for: who was added must not be forgotten. */
const DESIRED = REPLICAS + 1;
/** Milliseconds that a heal takes about: the balancer dies at a random moment of it. */
const HEAL_MS = 800;
/** Milliseconds until the fleet counts as not converged. */
const DEADLINE_MS = 60_000;

/** A death of the balancer, and how the fleet took it; milliseconds from its start on. */
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
  complain(`${name}: ${about}`);
  const column = { name, about, kind: "own" as const, values: {}, losses: [] };
  try {
    const deaths = await die(new OwnBalancer(room, { name, engine, spares: 0 }), count, room);
    return { ...column, ...summaryOf(deaths) };
  } catch (error) {
    room.signal.throwIfAborted();
    if (!isFault(error)) throw error;
    return { ...column, fault: error.message };
  }
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

async function die(unstarted: OwnBalancer, count: number, room: Room): Promise<Death[]> {
  if (unstarted.engine === "docker") networkOf(room);
  await using balancer = unstarted;
  await balancer.start();
  await eventually(() => hasReady(balancer, REPLICAS), DEADLINE_MS, room.signal);
  await balancer.add(DESIRED - REPLICAS);
  const draw = chance(room.seed);
  const deaths: Death[] = [];
  for (let at = 1; at <= count; at++) {
    const death = await dieOnce(balancer, draw, room.signal);
    deaths.push(death);
    complain(
      `  ${at} of ${count}: ` +
        (death.fault ?? `ready after ${death.readyMs.toFixed(0)} ms, nothing too much after ` +
            `${death.cleanMs.toFixed(0)} ms`),
    );
  }
  return deaths;
}

async function dieOnce(balancer: OwnBalancer, draw: Chance, signal: AbortSignal): Promise<Death> {
  await killReplica(balancer, draw);
  await pass(HEAL_MS * draw(), signal);
  await balancer.kill();
  const at = now();
  await balancer.launch();
  const ready = await eventually(() => hasReady(balancer, DESIRED), DEADLINE_MS, signal);
  const readyMs = now() - at;
  const clean = await eventually(
    async () => isClean(await balancer.running()),
    DEADLINE_MS,
    signal,
  );
  const times = { readyMs, cleanMs: now() - at };
  if (ready && clean) return times;
  const { desired, ready: count } = await balancer.status() ?? {};
  const running = (await balancer.running()).join(", ");
  return { ...times, fault: `${count} of ${desired} ready, ${DESIRED} asked for; ${running}` };
}

async function killReplica(balancer: OwnBalancer, draw: Chance): Promise<void> {
  const replicas = (await balancer.status())?.replicas ?? [];
  const { name, instance } = oneOf(replicas, draw);
  if (instance === null) throw new ToolError(`${name} has no instance`);
  const isContainer = balancer.engine === "docker";
  await killProcess(isContainer ? await pidOfContainer(instance) : parseInt(instance));
}

async function hasReady(balancer: OwnBalancer, count: number): Promise<boolean> {
  const status = await balancer.status();
  return status?.desired === count && status.ready === count;
}

/** One for each replica, every one of them at work, no name twice, no guard of nobody. */
export function isClean(running: readonly string[]): boolean {
  const guards = running.filter((one) => one.startsWith("guard "));
  const services = running.filter((one) => !one.startsWith("guard "));
  const atWork = services.every((one) => one.startsWith("process ") || one.endsWith(" running"));
  return atWork && services.length === DESIRED && new Set(services).size === DESIRED &&
    guards.length <= DESIRED;
}
