/**
 * A drill kills a real replica under real load and reports whether the fleet met its objective.
 *
 * @module
 */
import type { DrillReport } from "../../answers/incident.ts";
import type { Incident } from "../../fleet/incidents/incident.ts";
import type { Upstream } from "../../view.ts";
import { reportIncident } from "../reports/incident_report.ts";
import { drive } from "./load.ts";
import type { DrillRequest } from "../input/fleet_requests.ts";

/** The dependencies of a drill. */
export interface DrillOptions {
  /** The balancer's public URL, without a trailing slash. */
  readonly url: () => string;
  /** Returns the ready replica of that name. */
  readonly upstream: (name: string) => Upstream | undefined;
  /** Kills an instance without telling the fleet. */
  readonly kill: (instance: string) => Promise<void>;
  readonly incidents: () => readonly Incident[];
}

/** A drill that cannot be run. */
export class DrillError extends Error {
  override readonly name = "DrillError";

  constructor(readonly kind: "off" | "not-ready", message: string) {
    super(message);
  }
}

/** The share of the load's time after which the replica is killed. */
const KILL_AT = 0.25;

/**
 * Runs a drill.
 *
 * @param request the replica, the load and the objective
 * @param options the drill's dependencies
 * @throws {DrillError} no such replica is ready
 * @throws {EngineError} the replica could not be killed
 */
export async function makeDrill(
  request: DrillRequest,
  options: DrillOptions,
): Promise<DrillReport> {
  const victim = options.upstream(request.kill);
  if (!victim) throw new DrillError("not-ready", `kill: ${request.kill} is not a ready replica`);
  const ms = 1000 * request.seconds;
  const load = drive({ url: options.url() + request.path, connections: request.connections, ms });
  try {
    await elapsed(ms * KILL_AT);
    await options.kill(victim.instance);
  } catch (error) {
    await load;
    throw error;
  }
  const report = await load;
  const incident = await finished(victim.instance, request.objective.fullRingMs, options);
  return judge(request, report, incident);
}

/** Returns the incident once the ring is full again, or its state at the deadline. */
async function finished(
  instance: string,
  ms: number,
  { incidents }: DrillOptions,
): Promise<Incident | undefined> {
  const find = () => incidents().find((incident) => incident.instance === instance);
  for (let waited = 0; waited < ms && find()?.releasedAt === undefined; waited += POLL_MS) {
    await elapsed(POLL_MS);
  }
  // The workers report the requests' failures a moment later.
  await elapsed(TOLLS_MS);
  return find();
}

const POLL_MS = 50;
const TOLLS_MS = 200;

function judge(
  { objective }: DrillRequest,
  load: DrillReport["load"],
  incident: Incident | undefined,
): DrillReport {
  const missed: string[] = [];
  const fullRingMs = incident?.releasedAt === undefined
    ? undefined
    : incident.releasedAt - incident.at;
  if (load.requests === 0) missed.push("no request was answered");
  if (load.lost > objective.lost) missed.push(`lost: ${load.lost} of at most ${objective.lost}`);
  if (fullRingMs === undefined) missed.push("fullRingMs: the ring is not full again");
  else if (fullRingMs > objective.fullRingMs) {
    missed.push(`fullRingMs: ${fullRingMs} of at most ${objective.fullRingMs}`);
  }
  if (objective.p99Ms !== undefined && load.p99Ms > objective.p99Ms) {
    missed.push(`p99Ms: ${load.p99Ms} of at most ${objective.p99Ms}`);
  }
  return {
    passed: missed.length === 0,
    missed,
    objective,
    load,
    incident: incident ? reportIncident(incident) : null,
  };
}

function elapsed(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
