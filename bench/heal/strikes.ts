/**
 * One failure after another, each healed before the next.
 *
 * @module
 */
import { printError } from "../../tools/print.ts";
import { ToolError } from "../../tools/tool.ts";
import type { Incident } from "../harness/balancer.ts";
import { eventually, now, pass } from "../harness/clock.ts";
import { docker } from "../harness/docker.ts";
import { signalProcess } from "../harness/program.ts";
import { type Chance, oneOf } from "../harness/random.ts";
import { NAMES, REPLICAS, type Running } from "./contestant.ts";
import type { Heal } from "./verdict.ts";

/** Makes an instance fail; resolves to when, in milliseconds since the epoch. */
export type Strike = (running: Running, instance: string) => Promise<number>;

/** The process is killed. */
export async function kill(running: Running, instance: string): Promise<number> {
  return await signalProcess("KILL", await running.pidOf(instance));
}

/** The container hangs: it keeps its address and its connections, and does nothing. */
export async function pause(_running: Running, instance: string): Promise<number> {
  const at = now();
  await docker("pause", instance);
  return at;
}

/** A failure with its heal. */
export interface Struck extends Heal {
  readonly instance: string;
  readonly digestBefore?: string;
  readonly digestAfter?: string;
  readonly incident?: Incident;
}

/** The order of the failures. */
interface StrikePlan {
  readonly strike: Strike;
  readonly count: number;
  /** Milliseconds that a replica has to have been in the ring before it is struck again. */
  readonly restMs: number;
  readonly draw: Chance;
  readonly signal: AbortSignal;
}

/** Milliseconds until a failure counts as not noticed, or not healed. */
const DEADLINE_MS = 60_000;
/** Milliseconds from a full ring to the next failure: at least, and at random on top. */
const SETTLE_MS = 500;
const SPREAD_MS = 1000;
/** Milliseconds that an incident's last step may come after the full ring. */
const RECORD_MS = 3000;

/** Strikes replicas at random, one after another, while the load runs. */
export async function strikeAll(running: Running, plan: StrikePlan): Promise<Struck[]> {
  const { count, restMs, draw, signal } = plan;
  const since = new Map(NAMES.map((name) => [name, now()]));
  const struck: Struck[] = [];
  for (let at = 1; at <= count; at++) {
    const name = oneOf(NAMES, draw);
    const rested = (since.get(name) ?? 0) + restMs - now();
    await pass(Math.max(rested, SETTLE_MS + SPREAD_MS * draw()), signal);
    if (!await eventually(running.whole, DEADLINE_MS, signal)) {
      throw new ToolError(`not whole again ${DEADLINE_MS / 1000} s after failure ${at - 1}`);
    }
    struck.push(await strikeOne(running, name, plan));
    since.set(name, now());
    printError(`  ${at} of ${count}: ${lineOf(struck.at(-1))}`);
  }
  return struck;
}

async function strikeOne(
  running: Running,
  name: string,
  { strike, signal }: StrikePlan,
): Promise<Struck> {
  const { ring } = running;
  const instance = await running.instanceOf(name);
  const digestBefore = await running.digest();
  const [outAt, at] = await Promise.all([
    ring.until((ready) => !ready.has(name), DEADLINE_MS, signal),
    strike(running, instance),
  ]);
  const fullAt = outAt === undefined
    ? undefined
    : await ring.until(({ size }) => size === REPLICAS, DEADLINE_MS, signal);
  const incident = await incidentOf(running, instance, signal);
  const digestAfter = await running.digest();
  return {
    ...{ name, at, instance },
    ...outAt === undefined ? {} : { outAt },
    ...fullAt === undefined ? {} : { fullAt },
    ...digestBefore === undefined ? {} : { digestBefore },
    ...digestAfter === undefined ? {} : { digestAfter },
    ...incident === undefined ? {} : { incident, unroutedAt: unroutedAt(incident) },
  };
}

/** The failures with the contestant's own records as they are now. */
export function withRecords(struck: readonly Struck[], running: Running): Promise<Struck[]> {
  return Promise.all(struck.map(async (one) => {
    const incident = await running.incident(one.instance);
    return incident ? { ...one, incident } : one;
  }));
}

/** The moment from which every worker had the view without it. */
function unroutedAt({ at, timings }: Incident): number {
  return Date.parse(at) + (timings["unrouted"] ?? 0);
}

/** The record, complete if it gets complete in time. */
async function incidentOf(
  running: Running,
  instance: string,
  signal: AbortSignal,
): Promise<Incident | undefined> {
  let incident = await running.incident(instance);
  if (!incident) return undefined;
  await eventually(
    async () => {
      incident = await running.incident(instance);
      return (incident?.timings["release"] ?? null) !== null;
    },
    RECORD_MS,
    signal,
  );
  return incident;
}

function lineOf(struck: Struck | undefined): string {
  if (!struck) return "";
  const { name, at, outAt = NaN, fullAt = NaN } = struck;
  return `${name} out after ${(outAt - at).toFixed(0)} ms, ring full after ` +
    `${(fullAt - at).toFixed(0)} ms`;
}
