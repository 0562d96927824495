/**
 * What `GET /_lb/status` says about the fleet.
 *
 * @module
 */
import type { Fleet } from "./fleet.ts";
import type { Member, Phase } from "./member.ts";

/** One replica as the status shows it. Times are ISO 8601. */
export interface ReplicaStatus {
  readonly name: string;
  readonly state: Phase;
  /** When it entered the state. */
  readonly since: string;
  readonly inRing: boolean;
  readonly instance: string | null;
  readonly address: string | null;
  readonly restarts: number;
  /** When it is started next, where its backoff makes it wait. */
  readonly nextStart: string | null;
  readonly lastError: { readonly at: string; readonly message: string } | null;
}

/** The fleet as the status shows it. */
export interface FleetStatus {
  readonly version: number;
  readonly digest: string;
  readonly layout: string;
  readonly slots: number;
  readonly engineUp: boolean;
  readonly desired: number;
  readonly ready: number;
  readonly replicas: readonly ReplicaStatus[];
}

/**
 * The fleet's present state.
 *
 * @param fleet the fleet
 * @param now milliseconds since the epoch
 */
export function fleetStatus(fleet: Fleet, now: number): FleetStatus {
  const { version, ring, ready } = fleet.view;
  return {
    version,
    digest: ring.digest,
    layout: ring.layout,
    slots: ring.slots,
    engineUp: fleet.engineUp,
    desired: fleet.desired,
    ready: ready.size,
    replicas: fleet.members.map((member) => replicaStatus(member, now)),
  };
}

function replicaStatus(member: Member, now: number): ReplicaStatus {
  const { name, phase, since, joined, instance, restarts, notBefore, lastError } = member;
  const waits = phase === "waiting" && notBefore > now;
  return {
    name,
    state: phase,
    since: iso(since),
    inRing: joined && !member.leaving,
    instance: instance?.id ?? null,
    address: instance ? `${instance.address.hostname}:${instance.address.port}` : null,
    restarts,
    nextStart: waits ? iso(notBefore) : null,
    lastError: lastError ? { at: iso(lastError.at), message: lastError.message } : null,
  };
}

function iso(time: number): string {
  return new Date(time).toISOString();
}
