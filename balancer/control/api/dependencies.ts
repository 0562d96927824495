/**
 * The dependencies of the control API.
 *
 * @module
 */
import type { DeployStep } from "../../answers/event.ts";
import type { Status } from "../../answers/fleet.ts";
import type { History, HistoryQuery } from "../../answers/history.ts";
import type { Load } from "../../answers/load.ts";
import type { Machines } from "../../answers/machines.ts";
import type { Template } from "../../engine/engine.ts";
import type { FailureLog } from "../../failures.ts";
import type { RingShape } from "../../fleet/spec/ring_spec.ts";
import type { ChangeRequest, Weights } from "../../fleet/spec/change.ts";
import type { DeployRequest } from "../../fleet/operations/deploy_request.ts";
import type { MaintenanceRequest } from "../../fleet/operations/maintenance.ts";
import type { FleetCounts } from "../../fleet/operations/status.ts";
import type { Incident } from "../../fleet/incidents/incident.ts";
import type { ChangeReport, NamesReport, OnMade, Plan } from "../../fleet/operations/membership.ts";
import type { EventLog } from "../../fleet/incidents/event_log.ts";
import type { Assets } from "../../page/assets.ts";
import type { MaintenanceState } from "../../view.ts";
import type { GivenUpstream } from "../../upstream_list.ts";
import type { DrillOptions } from "../drill/drill.ts";
import type { EventStreams } from "./event_streams.ts";
import type { StatusFeed } from "./status_feed.ts";
import type { ExplainSources } from "../explain/route.ts";
import type { OpenApi } from "./openapi.ts";
import type { Reloaded, SettingsInForce } from "../../answers/settings.ts";
import type { LogState } from "../../answers/log.ts";
import type { Gate } from "../auth/middleware.ts";

/** The log settings, which calls read and change. */
export interface LogControls {
  state(): LogState;
  /** Changes them; in force at once for every line after the call. */
  turn(change: Partial<LogState>): void;
}

/** The parts of the balancer that the control API reads and changes. */
export interface ControlParts {
  readonly membership: {
    names(): string[];
    add(
      n: number,
      hostnames: readonly string[],
      weights: Weights,
      onMade: OnMade,
    ): Promise<NamesReport>;
    remove(n: number, hostnames: readonly string[], onMade: OnMade): Promise<NamesReport>;
    weigh(weights: Weights, onMade: OnMade): Promise<ChangeReport>;
    reshape(shape: Partial<RingShape>, onMade: OnMade): Promise<ChangeReport>;
    planAside(request: ChangeRequest): Promise<Plan>;
    apply(id: string, onMade: OnMade): Promise<ChangeReport>;
  };
  /** The list of upstreams, engine static. */
  readonly upstreams: {
    list(): readonly GivenUpstream[];
    set(upstreams: readonly GivenUpstream[], onMade: OnMade): Promise<ChangeReport>;
  };
  /** The machines of an engine that has several. */
  readonly machines: {
    list(): Promise<Machines>;
    set(name: string, availability: "drain" | "active"): Promise<Machines>;
  };
  /** Runs rolling deploys and reports every step. */
  readonly deploys: {
    /** The template of new instances. */
    readonly template: Template;
    check(request: DeployRequest): void;
    run(
      request: DeployRequest,
      onStep: (step: DeployStep) => void,
      minReadyMs?: number,
    ): Promise<DeployStep>;
  };
  readonly incidents: () => readonly Incident[];
  readonly eventLog: EventLog;
  /** Aborted when the balancer begins to end: streams of events end then. */
  readonly ending: AbortSignal;
  /** Counts streams of `GET /_lb/events`. */
  readonly eventStreams: EventStreams;
  /**
   * Counts streams of deploys. Their limit is separate, so that event streams cannot block a
   * deploy.
   */
  readonly deployStreams: EventStreams;
  /** The dependencies of drills; undefined if drills are not allowed. */
  readonly drills: DrillOptions | undefined;
  /** The whole state, as `GET /_lb/status` answers it. */
  readonly status: () => Status;
  /** The few numbers of it that `GET /_lb/healthz` and `GET /_lb/readyz` need. */
  readonly counts: () => FleetCounts;
  /** The maintenance switch. */
  readonly maintenance: {
    /** The maintenance under way; undefined if there is none. */
    readonly state: MaintenanceState | undefined;
    begin(request: MaintenanceRequest): Promise<MaintenanceState>;
    end(): Promise<void>;
  };
  /** Facts beside the status that decide the response of `GET /_lb/readyz`. */
  readonly readiness: {
    /** The setting `LB_READY_SHARE`. */
    readonly share: number;
    /** Why this balancer must not serve; undefined if it may. */
    readonly isolated: () => string | undefined;
  };
  readonly metrics: {
    /** All metrics in Prometheus' text format. */
    expose(): Promise<
      { readonly contentType: string; readonly parts: readonly Uint8Array<ArrayBuffer>[] }
    >;
    /** The few figures that `GET /_lb/load` answers. */
    load(): Load;
    /** The history that `GET /_lb/history` answers. */
    history(query: HistoryQuery): History;
  };
  readonly explain: ExplainSources;
  readonly log: LogControls;
  /** The settings in force. */
  readonly settings: {
    list(): SettingsInForce;
    /** Reads the configuration file again; throws `ReloadError` if nothing was changed. */
    reload(): Promise<Reloaded>;
  };
  /** Authorizes and audits every call before its handler runs. */
  readonly gate: Gate;
  readonly failures: FailureLog;
  /** Milliseconds that a client may take to send the body of a call. */
  readonly bodyTimeoutMs: number;
}

/** The dependencies of one call. */
export interface CallParts extends ControlParts {
  /** The status as a stream of changes. */
  readonly statusFeed: StatusFeed;
  /** The built pages. */
  readonly assets: Assets;
  /** The OpenAPI document of the API. */
  readonly description: () => Promise<OpenApi>;
}
