/**
 * A-3's failures: what is done to a replica, and when the balancer had done what about it.
 *
 * @module
 */
import { run } from "../../tools/command.ts";
import { ToolError } from "../../tools/tool.ts";
import type { Incident } from "../harness/balancer.ts";
import { eventually, now } from "../harness/clock.ts";
import { pidOfContainer } from "../harness/docker.ts";
import { killProcess } from "../harness/killer.ts";
import type { Fleet } from "./fleet.ts";

/** Milliseconds after the failure. */
export interface Times {
  /** The balancer knew. */
  readonly detected: number;
  /** It published a view without the replica. */
  readonly ejected: number;
  /** Every worker routed by that view. */
  readonly unrouted: number;
  /** The engine had started the replacement. */
  readonly started: number;
  /** The replacement passed its first heartbeat. */
  readonly ready: number;
  /** Every worker routed to it again. */
  readonly released: number;
}

/** A failure. */
export interface Blow {
  readonly name: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly times: Times;
  readonly incident: Incident;
}

/** Milliseconds that a heal may take. */
const DEADLINE_MS = 30_000;

/** Kills a replica as `kill -9` does, and waits until it is healed. */
export function killUnder(fleet: Fleet, name: string, signal: AbortSignal): Promise<Blow> {
  return strike(fleet, name, killProcess, signal);
}

/** Stops a replica's process without ending it: it keeps its connections and answers nobody. */
export function hang(fleet: Fleet, name: string, signal: AbortSignal): Promise<Blow> {
  return strike(fleet, name, stopProcess, signal);
}

async function stopProcess(pid: number): Promise<number> {
  const at = now();
  const { code, stderr } = await run("sh", ["-c", 'kill -STOP "$1"', "sh", String(pid)]);
  if (code === 0) return at;
  throw new ToolError(`kill -STOP ${pid}: ${stderr.trim()}`);
}

async function strike(
  fleet: Fleet,
  name: string,
  how: (pid: number) => Promise<number>,
  signal: AbortSignal,
): Promise<Blow> {
  const { replicas } = await fleet.status();
  const instance = replicas.find((replica) => replica.name === name)?.instance ?? "";
  // The process engine's ids are the number of the process and the time of its start.
  const pid = fleet.engine === "docker" ? await pidOfContainer(instance) : parseInt(instance);
  const at = await how(pid);
  const incident = await healedIncident(fleet, instance, signal);
  await fleet.whole(signal);
  return { name, at, incident, times: timesOf(incident, at) };
}

async function healedIncident(
  fleet: Fleet,
  instance: string,
  signal: AbortSignal,
): Promise<Incident> {
  let incident: Incident | undefined;
  const healed = async () => {
    incident = await fleet.incident(instance);
    return typeof incident?.timings["release"] === "number";
  };
  if (await eventually(healed, DEADLINE_MS, signal) && incident) return incident;
  throw new ToolError(`${instance} is not healed: ${JSON.stringify(incident)}`);
}

function timesOf({ at: first, timings }: Incident, at: number): Times {
  const after = (step: string) => Math.round(Date.parse(first) + (timings[step] ?? NaN) - at);
  return {
    detected: after("signal"),
    ejected: after("eject"),
    unrouted: after("unrouted"),
    started: after("started"),
    ready: after("ready"),
    released: after("release"),
  };
}
