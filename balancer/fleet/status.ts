/**
 * What `GET /_lb/status` says about the fleet.
 *
 * @module
 */
import type { Template } from "../engine/engine.ts";
import { slotsOf } from "./blueprint.ts";
import type { Fleet } from "./fleet.ts";
import { inRing, type Member, type MemberError, type Phase } from "./member.ts";
import { rampAt, ringRamps } from "./ramp.ts";

/** One replica as the status shows it. Times are ISO 8601. */
export interface ReplicaStatus {
  readonly name: string;
  readonly state: Phase;
  /** When it entered the state. */
  readonly since: string;
  readonly inRing: boolean;
  /** What was asked for; 0 for no slots. */
  readonly weight: number;
  /** How many slots it owns now. */
  readonly slots: number;
  /** The part of its load that it has come to, 1 or less while it starts slowly. */
  readonly ramp: number;
  readonly instance: string | null;
  readonly address: string | null;
  readonly restarts: number;
  /** When it is started next, where its backoff makes it wait. */
  readonly nextStart: string | null;
  readonly lastError: {
    readonly at: string;
    readonly message: string;
    /** What the instance wrote last, where it never became ready. */
    readonly lastWords?: readonly string[];
  } | null;
}

/** The fleet as the status shows it. */
export interface FleetStatus {
  readonly version: number;
  readonly digest: string;
  readonly layout: string;
  readonly slots: number;
  readonly virtualServers: number;
  readonly hashes: string;
  readonly engineUp: boolean;
  readonly desired: number;
  readonly ready: number;
  readonly replicas: readonly ReplicaStatus[];
  /** Instances that are kept ready for whichever replica fails next. */
  readonly spares: readonly ReplicaStatus[];
  /** What new instances run, where a deploy made that differ from the settings. */
  readonly template: Template;
  /** Request keys that are answered with 503, because replicas died of them. */
  readonly quarantined: readonly { readonly key: string; readonly until: string }[];
}

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
