/**
 * The fleet's part of `GET /_lb/status`.
 *
 * @module
 */
import type { ClusterStatus } from "../../cluster/cluster.ts";
import type { ClusterAnswer, FleetStatus, ReplicaStatus } from "../../answers/fleet.ts";
import { addressText } from "../../view.ts";
import { slotsOf } from "../spec/ring_spec.ts";
import type { Fleet } from "../fleet.ts";
import { inRing, type Member, type MemberError } from "../member/member.ts";
import { rampAt, ringRamps } from "../member/slow_start.ts";

/**
 * Returns the fleet's status.
 *
 * @param fleet the fleet
 * @param now instant of the fleet's clock, in milliseconds
 */
export function fleetStatus(fleet: Fleet, now: number): FleetStatus {
  const { version, epoch, ring, ready } = fleet.view;
  const { virtualServers, hashes } = fleet.ringSpec.shape;
  const { slowStartMs } = fleet.policy;
  const slots = slotsOf(ring);
  const ramps = ringRamps(fleet.members.filter(inRing), now, slowStartMs);
  const load = ({ name, loadRampSince }: Member): Load => ({
    slots: slots.get(name) ?? 0,
    ramp: Math.min(ramps.get(name) ?? 1, rampAt(loadRampSince, now, slowStartMs)),
  });
  const offset = fleet.clock.wallClock(now) - now;
  const date = (instant: number) => new Date(instant + offset).toISOString();
  const status = (member: Member) => replicaStatus(member, load(member), now, date);
  return {
    version,
    epoch,
    digest: ring.digest,
    layout: ring.layout,
    slots: ring.slots,
    virtualServers,
    hashes,
    engineUp: fleet.engineUp,
    engineAwayMs: fleet.engineAwayMs,
    desired: fleet.desired,
    ready: ready.size,
    replicas: fleet.members.map(status),
    spares: fleet.spares.map(status),
    removals: fleet.removals.map(({ id, name, since, failed, error }) => ({
      instance: id,
      name,
      since: date(since),
      failed,
      error: error ?? null,
    })),
    template: fleet.template,
    quarantined: fleet.poisonKeys.list(now).map(({ key, until }) => ({ key, until: date(until) })),
    cluster: fleet.cluster ? clusterStatus(fleet.cluster) : null,
  };
}

/** The few numbers of the status that probes of the balancer's own health ask for. */
export interface FleetCounts extends Pick<FleetStatus, "ready" | "desired" | "engineAwayMs"> {
  /** Replicas that own slots: in the ring and of a weight above 0. */
  readonly serving: number;
  /** Those of them that are ready. */
  readonly servingReady: number;
}

/**
 * Counts the fleet's replicas, without the status of each.
 *
 * @param fleet the fleet
 */
export function fleetCounts(fleet: Fleet): FleetCounts {
  const { desired, engineAwayMs, view: { ready } } = fleet;
  let [serving, servingReady] = [0, 0];
  for (const member of fleet.members) {
    if (member.weight <= 0 || !inRing(member)) continue;
    serving++;
    if (member.phase === "ready") servingReady++;
  }
  return { ready: ready.size, desired, engineAwayMs, serving, servingReady };
}

function clusterStatus({ holder, balancers, ...rest }: ClusterStatus): ClusterAnswer {
  return {
    ...rest,
    holder: holder ?? null,
    balancers: balancers.map(({ id, host, pid, epoch, digest, silentMs, direct }) => (
      { id, host, pid, epoch, digest, heals: id === holder, silentMs, direct }
    )),
  };
}

/** A replica's share of the requests. */
type Load = Pick<ReplicaStatus, "slots" | "ramp">;

/** Formats an instant of the fleet's clock as a date. */
type Dated = (instant: number) => string;

function replicaStatus(member: Member, load: Load, now: number, date: Dated): ReplicaStatus {
  const { name, phase, since, instance, restarts, notBefore, lastError } = member;
  const waits = phase === "waiting" && notBefore > now;
  return {
    name,
    state: phase,
    since: date(since),
    inRing: inRing(member),
    weight: member.weight,
    ...load,
    instance: instance?.id ?? null,
    image: imageStatus(member),
    address: instance ? addressText(instance.address) : null,
    machine: instance?.machine ?? null,
    restarts,
    nextStart: waits ? date(notBefore) : null,
    start: startStatus(member),
    lastError: lastError ? errorStatus(lastError, date) : null,
  };
}

/** Returns the image of the running instance, or that of the next start. */
function imageStatus({ instance, template }: Member): ReplicaStatus["image"] {
  const { image, imageId, imageDigest } = instance?.template ?? template;
  if (image === undefined || imageId === undefined) return null;
  const digest = imageDigest === undefined ? {} : { digest: imageDigest };
  return { reference: image, id: imageId, ...digest };
}

/** A replica that serves, is down or leaves has no start in progress. */
function startStatus(
  { phase, failedStarts, missed, misses }: Member,
): ReplicaStatus["start"] {
  if (phase !== "waiting" && phase !== "starting" && phase !== "warming") return null;
  const notReady = phase === "warming" && missed !== undefined ? missed : null;
  return { attempt: failedStarts + 1, heartbeats: notReady === null ? 0 : misses, notReady };
}

function errorStatus(
  { at, message, exit, attempt, outputTail }: MemberError,
  date: Dated,
): NonNullable<ReplicaStatus["lastError"]> {
  return {
    at: date(at),
    message,
    ...(exit === undefined ? {} : { exit }),
    ...(attempt === undefined ? {} : { attempt }),
    ...(outputTail ? { lastWords: outputTail } : {}),
  };
}
