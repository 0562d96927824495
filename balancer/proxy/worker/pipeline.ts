/**
 * Wires the services through which a request passes, bottom to top.
 *
 * @module
 */
import type { ClientServices } from "../downstream/client_services.ts";
import type { LingeringClients } from "../downstream/lingering_clients.ts";
import type { TrustedProxies } from "../downstream/trusted_proxies.ts";
import { Attempts } from "../forward/attempt.ts";
import { type BuilderServices, RequestBuilder } from "../forward/build_request.ts";
import { ErrorPages } from "../errors/error_pages.ts";
import type { FailureReports } from "../forward/failure_reports.ts";
import type { FastPathServices } from "../forward/fast_path.ts";
import { FastResponse, type FastResponseServices } from "../forward/fast_response.ts";
import type { RelayServices } from "../forward/response_relay.ts";
import { RouteLoop } from "../forward/route_loop.ts";
import type { WaitingRoom } from "../hold/waiting_room.ts";
import type { Challenges } from "../forward/challenges.ts";
import { OwnAnswers, RedirectingAnswers } from "../forward/own_answer.ts";
import { DATE_LINE } from "../http1/date_line.ts";
import type { RequestHead } from "../http1/request_head.ts";
import { ResponseHead } from "../http1/response_head.ts";
import type { DrainState } from "../request/drain_state.ts";
import type { MaintenanceSwitch } from "../request/maintenance.ts";
import { RequestIds } from "../request/request_ids.ts";
import type { Admission } from "../routing/admission.ts";
import { Affinity } from "../routing/affinity.ts";
import { ApiTokens } from "../routing/api_tokens.ts";
import { RequestRouter, type RouterServices } from "../routing/request_router.ts";
import { RouteTable } from "../routing/route_table.ts";
import type { RoutingTable } from "../routing/routing_table.ts";
import type { ProxySettings } from "../settings.ts";
import type { FailureCosts } from "../stats/failure_cost.ts";
import type { WorkerCounters } from "../stats/worker_counters.ts";
import type { RecordSampler } from "../telemetry/record_sampler.ts";
import type { Telemetry } from "../telemetry/telemetry.ts";
import type { BufferPool } from "../transport/buffers.ts";
import type { Deadlines } from "../transport/deadlines.ts";
import type { InstancePool } from "../upstream/connection_pool.ts";
import type { ConnectionQueue } from "../upstream/connection_queue.ts";
import type { OutlierSampler } from "../upstream/outlier_sampler.ts";
import type { RequestDeadlines } from "../upstream/request_deadlines.ts";
import type { RetryBudget } from "../upstream/retry_budget.ts";

/** Dependencies that the worker provides. */
interface PipelineParts {
  readonly settings: ProxySettings;
  readonly deadlines: Deadlines;
  readonly requestDeadlines: RequestDeadlines;
  readonly buffers: BufferPool;
  readonly drain: DrainState;
  /** Proxies whose `X-Forwarded-For` is believed. */
  readonly trustedProxies: TrustedProxies;
  /** The head that was parsed last; valid until the next `await`. */
  readonly requestHead: RequestHead;
  readonly routes: RoutingTable;
  readonly admission: Admission;
  readonly waitingRoom: WaitingRoom;
  readonly connectionQueue: ConnectionQueue;
  /** Leads to the control API. */
  readonly control: InstancePool;
  readonly counters: WorkerCounters;
  readonly costs: FailureCosts;
  readonly retryBudget: RetryBudget;
  /** Samples how instances answer; undefined when outlier detection is off. */
  readonly sampler: OutlierSampler | undefined;
  readonly reports: FailureReports;
  readonly recorder: RecordSampler;
  readonly maintenance: MaintenanceSwitch;
  readonly challenges: Challenges;
  readonly telemetry: Telemetry;
  /** Answered clients whose remaining bytes are read and dropped. */
  readonly lingering: LingeringClients;
  /** Rejected clients whose bytes are read and dropped, so that the error response reaches them. */
  readonly turnedAway: LingeringClients;
  /** Records an error caused by neither client nor replica. */
  recordFailure(action: string, error: unknown): void;
}

/** The parts of the pipeline that the worker uses. */
export interface Pipeline {
  readonly attempts: Attempts;
  /** Services shared by the client connections. */
  readonly clients: ClientServices;
  /** Takes the settings that were changed in place. */
  reconfigure(): void;
}

/**
 * Wires the services of one worker.
 *
 * @param parts dependencies that the worker provides
 */
export function openPipeline(parts: PipelineParts): Pipeline {
  const { deadlines, requestDeadlines, settings, drain } = parts;
  const relay = relayServices(parts);
  const attempts = openAttempts(parts, relay);
  const router = routerServices(parts);
  const building = builderServices(parts, new RequestRouter(router));
  const builder = new RequestBuilder(building);
  const answering = answerServices(parts);
  const errorPages = new ErrorPages(settings.errorPages);
  const clients: ClientServices = {
    deadlines,
    requestDeadlines,
    limits: settings.limits,
    timeouts: settings.timeouts,
    linger: settings.linger,
    trusted: parts.trustedProxies,
    telemetry: parts.telemetry,
    builder,
    routeLoop: openRouteLoop(parts, attempts, errorPages),
    errorPages,
    fastPath: fastPathServices(parts, attempts, builder, answering),
    lingering: parts.lingering,
    turnedAway: parts.turnedAway,
    drain,
    recordFailure: parts.recordFailure,
  };
  const reconfigure = () => {
    const { underscores, trace } = settings;
    building.underscores = underscores;
    building.ownAnswers.trace = trace;
    Object.assign(router, requestRouting(parts));
  };
  return { attempts, clients, reconfigure };
}

function relayServices(parts: PipelineParts): RelayServices {
  const { requestDeadlines, buffers, drain, settings: { limits } } = parts;
  return { limits, buffers, requestDeadlines, date: DATE_LINE, drain };
}

function openAttempts(parts: PipelineParts, relay: RelayServices): Attempts {
  const { deadlines, requestDeadlines, sampler, reports, recordFailure } = parts;
  const { linger } = parts.settings;
  return new Attempts({
    deadlines,
    requestDeadlines,
    sampler,
    reports,
    upload: { deadlines, requestDeadlines, linger, recordFailure },
    relay,
  });
}

function routerServices(parts: PipelineParts): RouterServices {
  const { requestHead, routes, control, settings: { publicApi } } = parts;
  return { requestHead, publicApi, routes, control, ...requestRouting(parts) };
}

/** The services of the router that follow from the settings. */
function requestRouting({ settings, recordFailure }: PipelineParts) {
  const { rules, routes, tokens = [], affinity } = settings;
  return {
    routeTable: new RouteTable(rules, routes),
    apiTokens: new ApiTokens(tokens, (error) => recordFailure("proxy.tokens", error)),
    affinity: new Affinity(affinity),
  };
}

function builderServices(
  { requestHead, buffers, settings, maintenance, challenges }: PipelineParts,
  router: RequestRouter,
): BuilderServices {
  const { limits, underscores } = settings;
  return {
    requestHead,
    limits,
    buffers,
    requestIds: new RequestIds(),
    router,
    underscores,
    ownAnswers: openAnswers(settings, challenges),
    maintenance,
  };
}

function openAnswers({ trace, tls }: ProxySettings, challenges: Challenges): OwnAnswers {
  return tls?.redirectPort === undefined
    ? new OwnAnswers(trace, challenges)
    : new RedirectingAnswers(trace, challenges, tls.redirectPort);
}

function openRouteLoop(
  parts: PipelineParts,
  attempts: Attempts,
  errorPages: ErrorPages,
): RouteLoop {
  const { retryBudget, deadlines, admission, connectionQueue, reports, drain } = parts;
  const { routes, waitingRoom, counters, costs } = parts;
  return new RouteLoop({
    retryBudget,
    deadlines,
    admission,
    connectionQueue,
    attempts,
    reports,
    failover: { routes, admission, waitingRoom, retryBudget, deadlines, counters, costs },
    drain,
    errorPages,
  });
}

function answerServices(parts: PipelineParts): FastResponseServices {
  const { recorder, drain, settings: { limits } } = parts;
  return { responseHead: new ResponseHead(), limits, recorder, date: DATE_LINE, drain };
}

function fastPathServices(
  parts: PipelineParts,
  attempts: Attempts,
  builder: RequestBuilder,
  answering: FastResponseServices,
): FastPathServices {
  const { admission, retryBudget, deadlines, requestDeadlines, drain } = parts;
  return {
    builder,
    admission,
    attempts,
    fastResponse: new FastResponse(answering),
    responseHead: answering.responseHead,
    retryBudget,
    deadlines,
    requestDeadlines,
    drain,
  };
}
