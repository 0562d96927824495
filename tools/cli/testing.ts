/**
 * A balancer's answers, for tests of the output.
 *
 * @module
 */
import type { ReplicaStatus, Status } from "../../balancer/answers/fleet.ts";
import type { Incident } from "../../balancer/answers/incident.ts";
import type { Load } from "../../balancer/answers/load.ts";

/** The time of the answers. */
export const NOW = Date.parse("2026-11-23T20:00:00Z");

/** A replica that has been ready for 90 seconds. */
export function replica(name: string, other: Partial<ReplicaStatus> = {}): ReplicaStatus {
  return {
    name,
    state: "ready",
    since: "2026-11-23T19:58:30.000Z",
    inRing: true,
    instance: "i1",
    ramp: 1,
    address: "127.0.0.1:20401",
    machine: null,
    image: null,
    weight: 1,
    slots: 171,
    restarts: 0,
    nextStart: null,
    start: null,
    lastError: null,
    ...other,
  };
}

/** The status of a fleet. */
export function status(replicas: readonly ReplicaStatus[], other: Partial<Status> = {}): Status {
  return {
    version: 7,
    epoch: 2,
    cluster: null,
    digest: "3f67e26d74c3b26d",
    layout: "even",
    slots: 512,
    virtualServers: 9,
    hashes: "fibonacci",
    maintenance: null,
    startedAt: "2026-11-23T19:00:00.000Z",
    template: {},
    engine: "process",
    engineUp: true,
    engineAwayMs: 0,
    desired: replicas.length,
    ready: replicas.filter(({ state }) => state === "ready").length,
    replicas,
    removals: [],
    spares: [],
    quarantined: [],
    failures: {},
    certificates: [],
    ...other,
  };
}

/** The time of each step of a heal. */
export const HEALED: Incident["timings"] = {
  signal: 0,
  eject: 3,
  unrouted: 4,
  create: 5,
  started: 40,
  ready: 60,
  release: 64,
};

/** A healed failure, 12 seconds ago. */
export function incident(other: Partial<Incident> = {}): Incident {
  return {
    id: 1,
    name: "Server2",
    evidence: {},
    instance: "i1",
    replacement: "i2",
    spare: false,
    at: "2026-11-23T19:59:48.000Z",
    endedAt: "2026-11-23T19:59:48.064Z",
    signal: "exit 137",
    exit: null,
    lastWords: [],
    served: true,
    failedStarts: 0,
    startFailure: null,
    timings: HEALED,
    requests: { held: 3, retried: 1, spilled: 0, lost: 0, broken: 0, longestHoldMs: 61 },
    ...other,
  };
}

/** The counts of two replicas of three. */
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
    Server1: { requests: 3000, errors: 7, inFlight: 12, p50Ms: 1.25, p99Ms: 1400, holdP99Ms: null },
    Server2: { requests: 2000, errors: 0, inFlight: 0, p50Ms: null, p99Ms: null, holdP99Ms: 5200 },
  },
};
