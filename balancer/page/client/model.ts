/**
 * What the page reads of the API's answers.
 *
 * @module
 */

/** Where a replica stands. */
export type Phase = "waiting" | "starting" | "warming" | "ready" | "down" | "leaving";

/** A replica in `GET /_lb/status`. */
export interface Replica {
  readonly name: string;
  readonly state: Phase;
  readonly since: string;
  readonly inRing: boolean;
  readonly weight: number;
  /** Below 1 while it starts slowly. */
  readonly ramp: number;
  readonly instance: string | null;
  readonly address: string | null;
  readonly restarts: number;
  readonly nextStart: string | null;
  readonly lastError: {
    readonly at: string;
    readonly message: string;
    readonly lastWords?: readonly string[];
  } | null;
}

/** `GET /_lb/status` */
export interface Status {
  readonly version: number;
  readonly digest: string;
  readonly layout: string;
  readonly slots: number;
  readonly virtualServers: number;
  readonly hashes: string;
  readonly engine: string;
  readonly engineUp: boolean;
  readonly startedAt: string;
  readonly desired: number;
  readonly ready: number;
  readonly replicas: readonly Replica[];
  readonly spares: readonly Replica[];
  readonly quarantined: readonly { readonly key: string; readonly until: string }[];
}

/** `GET /_lb/ring` */
export interface RingTable {
  readonly version: number;
  readonly digest: string;
  readonly layout: string;
  readonly hashes: string;
  readonly slots: number;
  readonly virtualServersEach: number;
  readonly members: readonly {
    readonly name: string;
    readonly weight: number;
    readonly ready: boolean;
    readonly awaited: boolean;
  }[];
  readonly runs: readonly number[];
  readonly virtualServers: readonly (readonly [member: number, slot: number])[];
}

/** `GET /_lb/load`: counted since the balancer started, but for what is told of right now. */
export interface Load {
  readonly at: number;
  readonly requests: number;
  readonly errors: number;
  readonly held: number;
  readonly retried: number;
  readonly holding: number;
  readonly connections: number;
  readonly replicas: Readonly<Record<string, ReplicaLoad>>;
}

/** What one replica bears. */
export interface ReplicaLoad {
  readonly requests: number;
  readonly errors: number;
  readonly inFlight: number;
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
}

/** The steps of an incident in their order. */
export const STEPS = [
  "signal",
  "eject",
  "unrouted",
  "create",
  "started",
  "ready",
  "release",
] as const;

/** An incident in `GET /_lb/incidents`. Timings are milliseconds after `at`. */
export interface Incident {
  readonly id: number;
  readonly name: string;
  readonly at: string;
  readonly signal: string;
  readonly replacement: string | null;
  readonly spare: boolean;
  readonly timings: Readonly<Record<typeof STEPS[number], number | null>>;
  readonly requests: {
    readonly held: number;
    readonly retried: number;
    readonly spilled: number;
    readonly lost: number;
    readonly broken: number;
    readonly longestHoldMs: number;
  };
}

/** An event of `GET /_lb/events`. */
export type FleetEvent =
  & { readonly id: number; readonly at: number }
  & (
    | {
      readonly type: "replica";
      readonly name: string;
      readonly from: string;
      readonly to: string;
      readonly reason?: string;
    }
    | {
      readonly type: "view";
      readonly version: number;
      readonly ready: readonly string[];
      readonly awaited: readonly string[];
    }
    | { readonly type: "engine"; readonly up: boolean }
    | {
      readonly type: "incident";
      readonly incident: { readonly id: number; readonly name: string };
    }
    | {
      readonly type: "deploy";
      readonly step: string;
      readonly name?: string;
      readonly reason?: string;
    }
  );

/** What is to be different. */
export interface Wish {
  readonly add?: number;
  readonly hostnames?: readonly string[];
  readonly remove?: readonly string[];
  readonly weights?: Readonly<Record<string, number>>;
  readonly slots?: number;
  readonly virtualServers?: number;
  readonly layout?: string;
  readonly hashes?: string;
}

/** A ring in numbers. */
export interface RingFacts {
  readonly members: number;
  readonly digest: string;
  readonly slots: number;
  readonly virtualServers: number;
  readonly layout: string;
  readonly hashes: string;
  readonly maxOverMean: number;
}

/** `POST /_lb/plan` */
export interface Plan {
  readonly id: string;
  readonly expiresAt: string;
  readonly add: readonly string[];
  readonly remove: readonly string[];
  readonly before: RingFacts;
  readonly after: RingFacts;
  readonly moved: {
    /** Of the string keys. */
    readonly share: number;
    /** Of the ids, which the ring's hash family hashes. */
    readonly ids: number;
    readonly flows: readonly {
      readonly from: string | null;
      readonly to: string | null;
      readonly share: number;
    }[];
    readonly flowsLeftOut: number;
  };
}

/** `GET /_lb/explain` */
export interface Explanation {
  readonly reason: string;
  readonly key: string;
  readonly hashedAs: "id" | "string";
  readonly hash: number | null;
  readonly slot: number;
  readonly owner: string | null;
  readonly successors: readonly string[];
}

/** `POST /_lb/drill` */
export interface DrillReport {
  readonly passed: boolean;
  readonly missed: readonly string[];
  readonly load: {
    readonly requests: number;
    readonly lost: number;
    readonly p50Ms: number;
    readonly p99Ms: number;
    readonly slowestMs: number;
  };
  readonly incident: Incident | null;
}
