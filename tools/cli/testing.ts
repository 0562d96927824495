/**
 * Answers of a balancer, for tests of what is made of them.
 *
 * @module
 */
import type { Incident, Load, ReplicaStatus, Status } from "./answers.ts";

/** When the answers were given. */
export const NOW = Date.parse("2026-11-23T20:00:00Z");

/** A replica that has been ready for 90 seconds. */
export function replica(name: string, other: Partial<ReplicaStatus> = {}): ReplicaStatus {
  return {
    name,
    state: "ready",
    since: "2026-11-23T19:58:30.000Z",
    address: "127.0.0.1:20401",
    weight: 1,
    slots: 171,
    restarts: 0,
    nextStart: null,
    lastError: null,
    ...other,
  };
}

/** The status of a fleet. */
export function status(replicas: readonly ReplicaStatus[], other: Partial<Status> = {}): Status {
  return {
    version: 7,
    digest: "3f67e26d74c3b26d",
    layout: "even",
    slots: 512,
    engine: "process",
    engineUp: true,
    desired: replicas.length,
    ready: replicas.filter(({ state }) => state === "ready").length,
    replicas,
    spares: [],
    quarantined: [],
    failures: {},
    ...other,
  };
}

/** A failure 12 seconds ago that is healed. */
export function incident(other: Partial<Incident> = {}): Incident {
  return {
    name: "Server2",
    at: "2026-11-23T19:59:48.000Z",
    signal: "exit 137",
    timings: { eject: 3, ready: 60, release: 64 },
    requests: { held: 3, retried: 1, lost: 0 },
    ...other,
  };
}

/** What two replicas of three have answered. */
export const LOAD: Load = {
  at: NOW,
  requests: 5000,
  errors: 7,
  held: 3,
  retried: 1,
  spilled: 0,
  lost: 2,
  holding: 1,
  connections: 64,
  replicas: {
    Server1: { requests: 3000, errors: 7, inFlight: 12, p50Ms: 1.25, p99Ms: 1400 },
    Server2: { requests: 2000, errors: 0, inFlight: 0, p50Ms: null, p99Ms: null },
  },
};
