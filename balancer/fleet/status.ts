/**
 * What `GET /_lb/status` says about the fleet.
 *
 * @module
 */
import type { Fleet } from "./fleet.ts";
import type { Template } from "../engine/engine.ts";
import { inRing, type Member, type MemberError, type Phase } from "./member.ts";

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
  return {
    version,
    digest: ring.digest,
    layout: ring.layout,
    slots: ring.slots,
    engineUp: fleet.engineUp,
    desired: fleet.desired,
    ready: ready.size,
    replicas: fleet.members.map((member) => replicaStatus(member, now)),
    spares: fleet.spares.map((member) => replicaStatus(member, now)),
    template: fleet.template,
    quarantined: fleet.quarantine.list(now).map(({ key, until }) => ({ key, until: iso(until) })),
  };
}

function replicaStatus(member: Member, now: number): ReplicaStatus {
  const { name, phase, since, instance, restarts, notBefore, lastError } = member;
  const waits = phase === "waiting" && notBefore > now;
  return {
    name,
    state: phase,
    since: iso(since),
    inRing: inRing(member),
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
