/**
 * Formats the state of the fleet.
 *
 * @module
 */
import type { CertificateStatus } from "../../balancer/answers/certificate.ts";
import type { ReplicaStatus, Status } from "../../balancer/answers/fleet.ts";
import { age, plain, share, UNKNOWN } from "./figures.ts";
import { maintenanceLine } from "./maintenance_line.ts";
import { paintState } from "./paint.ts";
import { type Column, type Look, tableLines } from "./table.ts";

/**
 * Formats the output of `status`.
 *
 * @param status the balancer's answer
 * @param now milliseconds since the epoch
 * @param look colours and width
 */
export function statusLines(status: Status, now: number, look: Look): string[] {
  const { replicas, spares } = status;
  return [
    summary(status, look),
    `ring: layout ${status.layout}, ${status.slots} slots, digest ${status.digest}, ` +
    `version ${status.version}`,
    ...clusterLines(status, look),
    ...(status.maintenance ? [maintenanceLine(status, now)] : []),
    "",
    ...tableLines(columns(status, now, look), replicas, look),
    ...indented(notes(status, now)),
    ...(spares.length === 0 ? [] : [
      "",
      ...tableLines(spareColumns(now, look), spares, look),
    ]),
  ];
}

/**
 * Formats the number of ready replicas, and the engine.
 *
 * @param status the balancer's answer
 * @param look colours
 */
export function summary(status: Status, { paint }: Look): string {
  const { ready, desired, engine, engineUp, maintenance } = status;
  const count = `${ready} of ${desired} ${desired === 1 ? "replica" : "replicas"} ready`;
  const well = desired === 0
    ? paint.yellow("no replicas")
    : ready >= desired
    ? paint.green(count)
    : paint.red(count);
  return `${well}${maintenance ? paint.yellow(", in maintenance") : ""}, engine ${engine}` +
    (engineUp ? "" : paint.red(" (does not answer)"));
}

/** One line about the balancers of the fleet; none for a balancer that is alone. */
export function clusterLines({ cluster, epoch }: Status, { paint }: Look): string[] {
  if (!cluster) return [];
  const { self, holder, balancers, isolated, disagreeMs } = cluster;
  const heals = isolated
    ? paint.red("holder unknown")
    : holder === null
    ? paint.red("no balancer holds the lease")
    : `${balancerName(cluster, holder)}${holder === self ? " (this one)" : ""} holds the lease`;
  const faults = [
    ...(isolated ? ["; this one cannot reach the shared store"] : []),
    ...(disagreeMs > 0 ? ["; their rings differ"] : []),
  ];
  const line = `balancers: ${balancers.length}, epoch ${epoch}, ${heals}`;
  return [faults.length === 0 ? line : line + paint.red(faults.join(""))];
}

/** Machine and process of a balancer, which people know better than its id. */
function balancerName({ balancers }: NonNullable<Status["cluster"]>, id: string): string {
  const one = balancers.find((balancer) => balancer.id === id);
  return one ? `${plain(one.host)} process ${one.pid}` : id;
}

function columns(
  { slots, replicas }: Status,
  now: number,
  { paint }: Look,
): Column<ReplicaStatus>[] {
  const machines = replicas.some(({ machine }) => machine !== null);
  return [
    { title: "REPLICA", cell: ({ name }) => name },
    { title: "STATE", cell: ({ state }) => paintState(state, paint) },
    { title: "FOR", align: "right", cell: ({ since }) => age(now - Date.parse(since)) },
    { title: "WEIGHT", align: "right", cell: ({ weight }) => String(weight) },
    { title: "SLOTS", align: "right", cell: ({ slots }) => String(slots) },
    { title: "SHARE", align: "right", cell: (one) => share(one.slots / slots) },
    { title: "RESTARTS", align: "right", cell: ({ restarts }) => String(restarts) },
    ...(machines ? [{ title: "MACHINE", cell: machineCell }] : []),
    { title: "ADDRESS", cell: ({ address }) => address ?? UNKNOWN },
  ];
}

/** The machine of a replica; engines of one machine have none. */
export function machineCell({ machine }: ReplicaStatus): string {
  return machine ?? UNKNOWN;
}

function spareColumns(now: number, { paint }: Look): Column<ReplicaStatus>[] {
  return [
    { title: "SPARE", cell: ({ name }) => name },
    { title: "STATE", cell: ({ state }) => paintState(state, paint) },
    { title: "FOR", align: "right", cell: ({ since }) => age(now - Date.parse(since)) },
    { title: "ADDRESS", cell: ({ address }) => address ?? UNKNOWN },
  ];
}

function certificateNotes(certificate: CertificateStatus): string[] {
  const { name, source, daysLeft, notAfter, ending, fault } = certificate;
  const notes: string[] = [];
  if (daysLeft !== null && ending) {
    const text = daysLeft > 0 ? `ends in ${daysLeft} days` : "has ended, or ends today";
    notes.push(`certificate ${plain(name)} ${text}: it is valid until ${notAfter}`);
  }
  const failed = source === "file" ? "cannot be loaded" : "is not issued";
  if (fault !== null) notes.push(`certificate ${plain(name)} ${failed}: ${plain(fault)}`);
  return notes;
}

/** Faults of replicas with their reasons, one line each. */
export function notes(status: Status, now: number): string[] {
  const { replicas, spares, quarantined, failures, certificates } = status;
  const failed = Object.entries(failures).map(([what, times]) => `${what} ${times}`);
  return [
    ...[...replicas, ...spares].flatMap((one) => notesOf(one, now)),
    ...(quarantined.length === 0
      ? []
      : [`quarantined: ${quarantined.map(({ key }) => plain(key)).join(", ")}`]),
    ...certificates.flatMap(certificateNotes),
    ...(failed.length === 0 ? [] : [`failures inside the balancer: ${failed.join(", ")}`]),
  ];
}

function notesOf(replica: ReplicaStatus, now: number): string[] {
  const { name, ramp, nextStart } = replica;
  return [
    ...(ramp < 1 ? [`${name} starts slowly: ${share(ramp)} of its load`] : []),
    ...(nextStart === null
      ? []
      : [`${name} is started again in ${age(Date.parse(nextStart) - now)}`]),
    ...startLines(replica),
    ...errorLines(replica, now),
  ];
}

/** The last output of a failed instance matters until the replica is ready again. */
function errorLines({ name, state, lastError }: ReplicaStatus, now: number): string[] {
  if (lastError === null) return [];
  const { at, message, exit, attempt, lastWords = [] } = lastError;
  const words = state === "ready" ? [] : lastWords.map((line) => `  ${plain(line)}`);
  const which = attempt && attempt > 1 ? ` (attempt ${attempt})` : "";
  const end = exit === undefined || message.includes(exit) ? "" : `; ${plain(exit)}`;
  const line = `${name} failed ${age(now - Date.parse(at))} ago: ${plain(message)}${which}${end}`;
  return [line, ...words];
}

/** The reason why a starting replica is not ready yet. */
function startLines({ name, start }: ReplicaStatus): string[] {
  if (!start || start.notReady === null) return [];
  const { attempt, heartbeats, notReady } = start;
  return [
    `${name} is not ready yet, attempt ${attempt}, ${heartbeats} heartbeats: ${plain(notReady)}`,
  ];
}

/** Lines below an empty one, if there are any. */
export function indented(lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ["", ...lines];
}
