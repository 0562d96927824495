/**
 * What the balancer's API answers, as far as the commands read it.
 *
 * @module
 */

/** A replica as `GET /_lb/status` shows it. Times are ISO 8601. */
export interface ReplicaStatus {
  readonly name: string;
  readonly state: string;
  readonly since: string;
  readonly address: string | null;
  /** What was asked for; it comes to that in steps. */
  readonly weight?: number;
  /** How many slots it owns now. */
  readonly slots?: number;
  /** The part of its load that it has come to, less than 1 while it starts slowly. */
  readonly ramp?: number;
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
  readonly engine: string;
  readonly engineUp: boolean;
  readonly desired: number;
  readonly ready: number;
  readonly replicas: readonly ReplicaStatus[];
  readonly spares: readonly ReplicaStatus[];
  readonly quarantined: readonly { readonly key: string }[];
  /** What failed inside the balancer, how often. */
  readonly failures: Readonly<Record<string, number>>;
}

/** Of one replica: counted since the balancer's start, but for what is right now. */
export interface ReplicaLoad {
  readonly requests: number;
  readonly errors: number;
  readonly inFlight: number;
  /** Over the last seconds; null where it answered nothing. */
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
}

/** `GET /_lb/load`: counted since the balancer's start, but for what is right now. */
export interface Load {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly requests: number;
  readonly errors: number;
  readonly held: number;
  readonly retried: number;
  readonly spilled: number;
  readonly lost: number;
  /** Right now. */
  readonly holding: number;
  /** Of clients, right now. */
  readonly connections: number;
  readonly replicas: Readonly<Record<string, ReplicaLoad>>;
}

/** One failure of one replica, in `GET /_lb/incidents`. */
export interface Incident {
  readonly name: string;
  /** ISO 8601. */
  readonly at: string;
  readonly signal: string;
  /** Milliseconds after that; null for what has not happened. */
  readonly timings: {
    readonly eject: number | null;
    readonly ready: number | null;
    readonly release: number | null;
  };
  readonly requests: { readonly held: number; readonly retried: number; readonly lost: number };
}

/** `GET /_lb/incidents`, the newest first. */
export interface Incidents {
  readonly incidents: readonly Incident[];
}

/** `POST /add` and `DELETE /rm` */
export interface Names {
  readonly message: { readonly N: number; readonly replicas: readonly string[] };
}

/** How many keys change their owner. */
export interface Movement {
  /** From 0 to 1, of all keys that are strings. */
  readonly share: number;
  /** The same of the ids 0 to 9999, which the ring's own hash functions place. */
  readonly ids: number;
  /** The largest first; null where nobody gives or takes. */
  readonly flows: readonly {
    readonly from: string | null;
    readonly to: string | null;
    readonly share: number;
  }[];
  /** How many smaller ones are not listed. */
  readonly flowsLeftOut: number;
}

/** `PATCH /_lb/replicas/NAME` and `POST /_lb/apply` */
export interface Changed {
  readonly message: {
    readonly version: number;
    readonly digest: string;
    readonly moved: Movement;
  };
}

/** A ring, before or after a change. */
export interface RingFacts {
  readonly members: number;
  readonly digest: string;
  readonly slots: number;
  readonly virtualServers: number;
  readonly layout: string;
  readonly hashes: string;
  /** Share of the slots over the fair share, of the replica that has the most; 1 is perfect. */
  readonly maxOverMean: number;
  /** How many replicas of weight 1 the ring has room for. */
  readonly capacity: number;
}

/** `POST /_lb/plan` */
export interface Planned {
  readonly message: {
    readonly id: string;
    /** ISO 8601. */
    readonly expiresAt: string;
    readonly add: readonly string[];
    readonly remove: readonly string[];
    readonly before: RingFacts;
    readonly after: RingFacts;
    readonly moved: Movement;
  };
}

/** A replica in `GET /_lb/explain`. */
export interface ExplainedReplica {
  readonly name: string;
  readonly ready: boolean;
  readonly awaited: boolean;
  readonly weight: number;
  readonly inFlight: number;
  /** How much it may have in flight; null: anything. */
  readonly cap: number | null;
}

/** `GET /_lb/explain` */
export interface Explanation {
  /** One sentence. */
  readonly reason: string;
  readonly key: string;
  readonly hashedAs: string;
  readonly slot: number;
  readonly owner: string | null;
  /** Who is asked after the owner, in that order. */
  readonly successors: readonly string[];
  readonly version: number;
  readonly digest: string;
  readonly replicas: readonly ExplainedReplica[];
}
