/**
 * The balancer's API with typed answers.
 *
 * @module
 */
import type { DeployStep, FleetEvent } from "../../balancer/answers/event.ts";
import type { Explanation } from "../../balancer/answers/explanation.ts";
import type { Names, Status, Upstreams } from "../../balancer/answers/fleet.ts";
import type { DrillReport, Incidents } from "../../balancer/answers/incident.ts";
import type { History } from "../../balancer/answers/history.ts";
import type { Load } from "../../balancer/answers/load.ts";
import type { LogState } from "../../balancer/answers/log.ts";
import type { Machines } from "../../balancer/answers/machines.ts";
import type { MaintenanceAnswer } from "../../balancer/answers/maintenance.ts";
import type { Changed, Planned, RingTable } from "../../balancer/answers/ring.ts";
import type { Reloaded, SettingsInForce } from "../../balancer/answers/settings.ts";
import { RefusedError } from "./api_errors.ts";
import { type Answer, Caller } from "./caller.ts";
import type { Target } from "./target.ts";

/**
 * Milliseconds of silence after which an event stream counts as broken: it sends a comment every
 * ten seconds.
 */
const SILENCE_MS = 30_000;

/** The shape of the ring, in the form of `PATCH /_lb/ring`. */
export interface Shape {
  readonly slots?: number;
  readonly virtualServers?: number;
  readonly layout?: string;
  readonly hashes?: string;
}

/** A change of the fleet, in the form of `POST /_lb/plan`. */
export interface ChangeRequest extends Shape {
  readonly add?: number;
  readonly hostnames?: readonly string[];
  readonly remove?: readonly string[];
  readonly weights?: Readonly<Record<string, number>>;
}

/** Replicas to add, in the form of `POST /add`. */
export interface Addition {
  readonly n: number;
  readonly hostnames: readonly string[];
  readonly weights?: Readonly<Record<string, number>>;
}

/** Replicas to remove, in the form of `DELETE /rm`. */
export type Removal = Pick<Addition, "n" | "hostnames">;

/** The query for a key's destination. */
export type Question = { readonly [way in "key" | "id" | "path" | "host"]?: string };

/** The new template of instances, in the form of `POST /_lb/deploy`. */
export interface DeployRequest {
  readonly image?: string;
  readonly command?: string | null;
  readonly options?: object | null;
  readonly minReadyMs?: number;
}

/** A drill, in the form of `POST /_lb/drill`. */
export interface Drill {
  readonly kill: string;
  readonly path?: string;
  readonly seconds?: number;
  readonly connections?: number;
  readonly objective: {
    readonly lost?: number;
    readonly fullRingMs?: number;
    readonly p99Ms?: number;
  };
}

/** An upstream, in the form of `PUT /_lb/upstreams`. */
export interface UpstreamEntry {
  readonly name: string;
  readonly address: string;
  readonly weight: number;
}

/** A maintenance, in the form of `PUT /_lb/maintenance`. */
export interface MaintenanceRequest {
  readonly message?: string;
  readonly retryAfterS?: number;
  readonly allow?: readonly string[];
}

/**
 * The calls of one balancer. Each throws {@linkcode RefusedError} or `UnreachableError`.
 */
export class Api {
  readonly #caller: Caller;

  constructor(target: Target) {
    this.#caller = new Caller(target);
  }

  /** The balancer's address. */
  get url(): string {
    return this.#caller.url;
  }

  names(): Promise<Answer<Names>> {
    return this.#caller.ask("/rep");
  }

  status(): Promise<Answer<Status>> {
    return this.#caller.ask("/_lb/status");
  }

  incidents(): Promise<Answer<Incidents>> {
    return this.#caller.ask("/_lb/incidents");
  }

  explain(question: Question): Promise<Answer<Explanation>> {
    return this.#caller.ask(`/_lb/explain?${new URLSearchParams(question)}`);
  }

  ring(): Promise<Answer<RingTable>> {
    return this.#caller.ask("/_lb/ring");
  }

  upstreams(): Promise<Answer<Upstreams>> {
    return this.#caller.ask("/_lb/upstreams");
  }

  log(): Promise<Answer<LogState>> {
    return this.#caller.ask("/_lb/log");
  }

  settings(): Promise<Answer<SettingsInForce>> {
    return this.#caller.ask("/_lb/settings");
  }

  /** Undefined if the balancer has no such figures. */
  async load(): Promise<Answer<Load> | undefined> {
    try {
      return await this.#caller.ask("/_lb/load");
    } catch (error) {
      if (error instanceof RefusedError && error.status === 404) return undefined;
      throw error;
    }
  }

  /**
   * The history by the second; undefined if the balancer keeps none.
   *
   * @param since only what is newer, in milliseconds since the epoch
   */
  async history(since: number): Promise<Answer<History> | undefined> {
    try {
      return await this.#caller.ask(`/_lb/history?since=${since}`);
    } catch (error) {
      if (error instanceof RefusedError && error.status === 404) return undefined;
      throw error;
    }
  }

  /**
   * The events of the fleet as they happen; the stream ends with the balancer.
   *
   * @param after the last known event; kept events after that one come first
   */
  events(after?: number): AsyncGenerator<FleetEvent> {
    const headers = after === undefined ? {} : { "last-event-id": String(after) };
    return this.#caller.watch("/_lb/events", headers, SILENCE_MS);
  }

  plan(request: ChangeRequest): Promise<Answer<Planned>> {
    return this.#caller.ask("/_lb/plan", { method: "POST", body: JSON.stringify(request) });
  }

  add(addition: Addition): Promise<Answer<Names>> {
    return this.#caller.change({ method: "POST", path: "/add", body: addition });
  }

  remove(removal: Removal): Promise<Answer<Names>> {
    return this.#caller.change({ method: "DELETE", path: "/rm", body: removal });
  }

  weigh(name: string, weight: number): Promise<Answer<Changed>> {
    const path = `/_lb/replicas/${encodeURIComponent(name)}`;
    return this.#caller.change({ method: "PATCH", path, body: { weight } });
  }

  apply(plan: string): Promise<Answer<Changed>> {
    return this.#caller.change({ method: "POST", path: "/_lb/apply", body: { plan } });
  }

  reshape(shape: Shape): Promise<Answer<Changed>> {
    return this.#caller.change({ method: "PATCH", path: "/_lb/ring", body: shape });
  }

  setUpstreams(upstreams: readonly UpstreamEntry[]): Promise<Answer<Changed>> {
    return this.#caller.change({ method: "PUT", path: "/_lb/upstreams", body: { upstreams } });
  }

  setLog(change: object): Promise<Answer<{ readonly message: LogState }>> {
    return this.#caller.change({ method: "PATCH", path: "/_lb/log", body: change });
  }

  machines(): Promise<Answer<Machines>> {
    return this.#caller.ask("/_lb/machines");
  }

  setMachine(name: string, availability: "drain" | "active"): Promise<Answer<Machines>> {
    const path = `/_lb/machines/${encodeURIComponent(name)}`;
    return this.#caller.change({ method: "PATCH", path, body: { availability } });
  }

  maintenance(): Promise<Answer<MaintenanceAnswer>> {
    return this.#caller.ask("/_lb/maintenance");
  }

  beginMaintenance(request: MaintenanceRequest): Promise<Answer<MaintenanceAnswer>> {
    return this.#caller.change({ method: "PUT", path: "/_lb/maintenance", body: request });
  }

  endMaintenance(): Promise<Answer<MaintenanceAnswer>> {
    return this.#caller.change({ method: "DELETE", path: "/_lb/maintenance", body: {} });
  }

  reload(): Promise<Answer<{ readonly message: Reloaded }>> {
    return this.#caller.change({ method: "POST", path: "/_lb/reload", body: {} });
  }

  drill(drill: Drill): Promise<Answer<DrillReport>> {
    return this.#caller.change({ method: "POST", path: "/_lb/drill", body: drill });
  }

  /** Each step as it is made; the last is `done` or `rolled-back`. */
  deploy(request: DeployRequest): AsyncGenerator<DeployStep> {
    return this.#caller.follow({ method: "POST", path: "/_lb/deploy", body: request });
  }
}
