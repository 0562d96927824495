/**
 * What `GET /_lb/status` says about the fleet.
 *
 * @module
 */
import type { FleetStatus, ReplicaStatus } from "../answers/fleet.ts";
import { slotsOf } from "./blueprint.ts";
import type { Fleet } from "./fleet.ts";
import { inRing, type Member, type MemberError } from "./member.ts";
import { rampAt, ringRamps } from "./ramp.ts";

/**
 * The fleet's present state.
 *
 * @param fleet the fleet
 * @param now milliseconds since the epoch
 */
export function fleetStatus(fleet: Fleet, now: number): FleetStatus {
  const { version, ring, ready } = fleet.view;
  const { virtualServers, hashes } = fleet.blueprint.shape;
  const { slowStartMs } = fleet.policy;
  const slots = slotsOf(ring);
  const ramps = ringRamps(fleet.members.filter(inRing), now, slowStartMs);
  const load = ({ name, heirSince }: Member): Load => ({
    slots: slots.get(name) ?? 0,
    ramp: Math.min(ramps.get(name) ?? 1, rampAt(heirSince, now, slowStartMs)),
  });
  return {
    version,
    digest: ring.digest,
    layout: ring.layout,
    slots: ring.slots,
    virtualServers,
    hashes,
    engineUp: fleet.engineUp,
    engineAwayMs: fleet.engineAwayMs,
    desired: fleet.desired,
    ready: ready.size,
    replicas: fleet.members.map((member) => replicaStatus(member, load(member), now)),
    spares: fleet.spares.map((member) => replicaStatus(member, load(member), now)),
    template: fleet.template,
    quarantined: fleet.quarantine.list(now).map(({ key, until }) => ({ key, until: iso(until) })),
  };
}

/** How much of the requests a replica gets. */
type Load = Pick<ReplicaStatus, "slots" | "ramp">;

function replicaStatus(member: Member, load: Load, now: number): ReplicaStatus {
  const { name, phase, since, instance, restarts, notBefore, lastError } = member;
  const waits = phase === "waiting" && notBefore > now;
  return {
    name,
    state: phase,
    since: iso(since),
    inRing: inRing(member),
    weight: member.weight,
    ...load,
    instance: instance?.id ?? null,
    address: instance ? `${instance.address.hostname}:${instance.address.port}` : null,
    restarts,
    nextStart: waits ? iso(notBefore) : null,
    lastError: lastError ? errorStatus(lastError) : null,
  };
}

function errorStatus(
  { at, message, lastWords }: MemberError,
): NonNullable<ReplicaStatus["lastError"]> {
  return { at: iso(at), message, ...(lastWords ? { lastWords } : {}) };
}

function iso(time: number): string {
  return new Date(time).toISOString();
}
