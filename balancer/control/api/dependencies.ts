/**
 * What the control API is put together from.
 *
 * @module
 */
import type { DeployStep } from "../../answers/event.ts";
import type { Status } from "../../answers/fleet.ts";
import type { Load } from "../../answers/load.ts";
import type { Template } from "../../engine/engine.ts";
import type { FailureLog } from "../../failures.ts";
import type { RingShape } from "../../fleet/spec/ring_spec.ts";
import type { ChangeRequest, Weights } from "../../fleet/spec/change.ts";
import type { DeployRequest } from "../../fleet/operations/deploy.ts";
import type { Incident } from "../../fleet/incidents/incident.ts";
import type { ChangeReport, OnMade, Plan } from "../../fleet/operations/membership.ts";
import type { EventLog } from "../../fleet/incidents/event_log.ts";
import type { Assets } from "../../page/assets.ts";
import type { GivenUpstream } from "../../upstream_list.ts";
import type { DrillOptions } from "../drill/drill.ts";
import type { EventStreams } from "./event_streams.ts";
import type { ExplainOptions } from "../explain/explain.ts";
import type { OpenApi } from "./openapi.ts";
import type { LogState } from "../../answers/log.ts";
import type { Gate } from "../auth/middleware.ts";

/** The log settings, which calls read and change. */
export interface LogDials {
  state(): LogState;
  /** Changes them; in force at once for every line after the call. */
  turn(change: Partial<LogState>): void;
}

/** What the control API acts on. */
export interface ControlParts {
  readonly membership: {
    names(): string[];
    add(
      n: number,
      hostnames: readonly string[],
      weights: Weights,
      onMade: OnMade,
    ): Promise<string[]>;
    remove(n: number, hostnames: readonly string[], onMade: OnMade): Promise<string[]>;
    weigh(weights: Weights, onMade: OnMade): Promise<ChangeReport>;
    reshape(shape: Partial<RingShape>, onMade: OnMade): Promise<ChangeReport>;
    plan(wish: ChangeRequest): Plan;
    apply(id: string, onMade: OnMade): Promise<ChangeReport>;
  };
  /** The list of upstreams, engine static. */
  readonly upstreams: {
    list(): readonly GivenUpstream[];
    set(upstreams: readonly GivenUpstream[], onMade: OnMade): Promise<ChangeReport>;
  };
  /** Makes rolling deploys; every step is told. */
  readonly deploys: {
    /** What new instances run. */
    readonly template: Template;
    check(wish: DeployRequest): void;
    run(
      wish: DeployRequest,
      onStep: (step: DeployStep) => void,
      minReadyMs?: number,
    ): Promise<DeployStep>;
  };
  readonly incidents: () => readonly Incident[];
  readonly journal: EventLog;
  /** Aborted when the balancer begins to end: streams of events end then. */
  readonly ending: AbortSignal;
  /** Counts streams of `GET /_lb/events`. */
  readonly eventStreams: EventStreams;
  /** Counts streams of deploys: those of events must not keep one from being made. */
  readonly deployStreams: EventStreams;
  /** What drills act on; undefined where they are not allowed. */
  readonly drills: DrillOptions | undefined;
  /** The whole state, as `GET /_lb/status` answers it. */
  readonly status: () => Status;
  readonly metrics: {
    /** Everything, in Prometheus' text format. */
    expose(): Promise<{ readonly contentType: string; readonly text: string }>;
    /** Few numbers, as `GET /_lb/load` answers them. */
    load(): Load;
  };
  readonly explain: ExplainOptions;
  readonly log: LogDials;
  /** What every call goes through first. */
  readonly gate: Gate;
  readonly failures: FailureLog;
  /** Milliseconds that a client may take to send the body of a call. */
  readonly bodyTimeoutMs: number;
}

/** What a call is put together from. */
export interface CallParts extends ControlParts {
  /** The pages, as they were built. */
  readonly assets: Assets;
  /** What the API says of itself. */
  readonly description: () => Promise<OpenApi>;
}
