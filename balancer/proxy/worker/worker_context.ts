/**
 * What the connections of one worker share.
 *
 * @module
 */
import type { Tracing } from "../../tracing/tracing.ts";
import type { Evidence, FailureCost, Sample, Upstream, View } from "../../view.ts";
import type { ClientServices } from "../downstream/client_connection.ts";
import { LingeringClients } from "../downstream/lingering_clients.ts";
import { TrustedProxies } from "../downstream/trusted_proxies.ts";
import { Attempts } from "../forward/attempt.ts";
import { RequestBuilder } from "../forward/build_request.ts";
import { FailureReports } from "../forward/failure_reports.ts";
import type { FastPathServices } from "../forward/fast_path.ts";
import { FastResponse } from "../forward/fast_response.ts";
import { RouteLoop } from "../forward/route_loop.ts";
import { WaitingRoom } from "../hold/waiting_room.ts";
import { DATE_LINE } from "../http1/date_line.ts";
import { RequestHead } from "../http1/request_head.ts";
import { ResponseHead } from "../http1/response_head.ts";
import { ascii } from "../http1/writer.ts";
import { DrainState } from "../request/drain_state.ts";
import { RequestIds } from "../request/request_ids.ts";
import { Admission, type LoadSheet } from "../routing/admission.ts";
import { ApiTokens } from "../routing/api_tokens.ts";
import { RequestRouter } from "../routing/request_router.ts";
import { RoutingTable } from "../routing/routing_table.ts";
import type { ProxySettings } from "../settings.ts";
import type { CounterSheet, ReplicaSheets } from "../stats/counter_table.ts";
import { FailureCosts } from "../stats/failure_cost.ts";
import { WorkerCounters } from "../stats/worker_counters.ts";
import { AccessLog, type BatchTaker } from "../telemetry/access_log.ts";
import { KeyRedaction } from "../telemetry/key_redaction.ts";
import { RecordSampler } from "../telemetry/record_sampler.ts";
import { RequestTracer } from "../telemetry/request_tracer.ts";
import { Telemetry } from "../telemetry/telemetry.ts";
import { BufferPool } from "../transport/buffers.ts";
import type { ByteStream } from "../transport/byte_stream.ts";
import { Deadlines } from "../transport/deadlines.ts";
import type { DescriptorBudget } from "../transport/descriptor_budget.ts";
import { CONTROL, InstancePool, type PoolLimits } from "../upstream/connection_pool.ts";
import { ConnectionQueue } from "../upstream/connection_queue.ts";
import { InFlight } from "../upstream/in_flight.ts";
import type { LoadMap } from "../upstream/load_cells.ts";
import { OutlierSampler } from "../upstream/outlier_sampler.ts";
import { RequestDeadlines } from "../upstream/request_deadlines.ts";
import { RetryBudget } from "../upstream/retry_budget.ts";
import { SlowDetector } from "../upstream/slow_detector.ts";

/** Unused connections that are kept for each instance. */
const MAX_IDLE = 1024;

/** Between two tellings of how instances answer, in milliseconds. */
const SAMPLE_MS = 1000;

/** What the proxy calls itself in `Via` (RFC 9110, section 7.6.3). */
const VIA = ascii("1.1 ringkeeper");

/** Who hears of what happens. */
export interface WorkerListener {
  evidence(evidence: Evidence): void;
  tolls(tolls: readonly FailureCost[]): void;
  samples(samples: readonly Sample[]): void;
  /** Lines of the access log. */
  readonly lines: BatchTaker;
  failure(action: string, error: unknown): void;
  /** Calls of the control API that it has not ended yet. */
  readonly calls: number;
  /** Opens a connection to the control API. */
  call(): ByteStream;
}

/** Where a worker counts, beside the others. */
export interface WorkerSheets extends LoadSheet {
  /** What is about itself; its row there is the same. */
  readonly tallies: CounterSheet;
}

/** Wires the services of one worker together; nothing below worker/ knows it. */
export class WorkerContext {
  readonly settings: ProxySettings;
  /** Proxies in front whose word about the origin of a request is believed. */
  readonly trustedProxies: TrustedProxies;
  readonly buffers = new BufferPool();
  readonly deadlines = new Deadlines();
  readonly inFlight = new InFlight();
  readonly drain = new DrainState();
  readonly routes: RoutingTable;
  /** Who is in flight to whom. */
  readonly admission: Admission;
  /** Requests that wait for a replica. */
  readonly waitingRoom: WaitingRoom;
  /** Which requests there is a record of, and who hears of them. */
  readonly recorder: RecordSampler;
  readonly accessLog: AccessLog;
  /** What it counts for good. */
  readonly counters: WorkerCounters;
  /** Requests that wait for a connection. */
  readonly connectionQueue: ConnectionQueue;
  /** Counts connections, so that files are left for everything else. */
  readonly descriptors: DescriptorBudget;
  /** Performs attempts. */
  readonly attempts: Attempts;
  /** What the client connections share. */
  readonly clients: ClientServices;
  readonly #listener: WorkerListener;
  readonly #control: InstancePool;
  /** Used between two waits only, as the response's is. */
  readonly #requestHead = new RequestHead();
  readonly #responseHead = new ResponseHead();
  readonly #requestDeadlines: RequestDeadlines;
  readonly #retryBudget: RetryBudget;
  readonly #telemetry: Telemetry;
  /** Write keys, for the access log and for traces. */
  readonly #keys: KeyRedaction;
  readonly #costs = new FailureCosts();
  readonly #reports: FailureReports;
  /** Counts how instances answer, where that is asked for. */
  readonly #sampler: OutlierSampler | undefined;
  readonly #slowWatch: SlowDetector;
  #sampledAt = 0;

  /**
   * @param settings what the configuration says
   * @param sheets where it counts, beside the other workers
   * @param listener who hears of what happens
   * @param files what it counts its connections with, beside the other workers
   */
  constructor(
    settings: ProxySettings,
    sheets: WorkerSheets,
    listener: WorkerListener,
    files: DescriptorBudget,
  ) {
    this.settings = settings;
    this.descriptors = files;
    this.#listener = listener;
    this.trustedProxies = new TrustedProxies(settings.trusted);
    this.#keys = new KeyRedaction(settings.keySource);
    this.#requestDeadlines = new RequestDeadlines(this.deadlines, settings.timeouts);
    const tallies = this.counters = new WorkerCounters(sheets.tallies, sheets.row);
    this.#retryBudget = new RetryBudget(settings.workers);
    this.routes = new RoutingTable({
      open: (upstream) => this.#openPool(upstream),
      counters: (name) => tallies.of(name),
      retire: (pool) => this.#retirePool(pool),
    }, settings.loadBound);
    this.recorder = new RecordSampler(this.routes);
    this.#telemetry = new Telemetry(tallies, this.recorder, this.#requestHead);
    this.accessLog = this.#openAccessLog();
    this.admission = new Admission(sheets, this.routes, settings);
    this.waitingRoom = new WaitingRoom(settings.hold, this.deadlines, (count) => {
      tallies.own.holding = count;
    });
    const lingering = new LingeringClients();
    const turnedAway = new LingeringClients(() => files.turnedAwayRoom);
    this.connectionQueue = this.#openLine(() => turnedAway.giveUp() || lingering.giveUp());
    this.#sampler = settings.outliers ? new OutlierSampler() : undefined;
    this.#slowWatch = new SlowDetector(settings.suspectMs, settings.timeouts.response);
    this.#control = this.#openControl();
    this.#reports = this.#openReports();
    const via = settings.via ? VIA : ascii("");
    this.attempts = this.#openAttempts(via);
    this.clients = this.#wireClients(via, lingering, turnedAway);
    // Always due: told with each tick.
    this.deadlines.add({ deadlineAt: -Infinity, onDeadline: () => this.#onTick() });
  }

  /** True once the worker is to end: every response closes its connection. */
  get draining(): boolean {
    return this.drain.draining;
  }

  /** Traces requests from now on; resolves when it can write their keys, too. */
  trace(tracing: Tracing): Promise<void> {
    const { traces: settings = { heedsClient: false } } = this.settings;
    const traces = new RequestTracer(tracing, settings, this.#keys, this.#requestHead);
    this.#telemetry.traces = traces;
    this.recorder.listeners.push(traces);
    return this.#keys.ready;
  }

  /**
   * Routes by a view from now on.
   *
   * @param view the view
   * @param loads where the load of each instance is counted
   * @param sheets where replicas are counted that were not in the ring before
   */
  publish(view: View, loads: LoadMap, sheets: ReplicaSheets): void {
    this.descriptors.review(view.ring.members.length);
    this.admission.publish(loads);
    this.counters.enroll(view.ring.members, sheets);
    this.routes.publish(view);
    this.waitingRoom.review(performance.now());
  }

  recordFailure(action: string, error: unknown): void {
    this.#listener.failure(action, error);
  }

  close(): void {
    this.deadlines.close();
    this.reportCosts();
    this.accessLog.flush();
  }

  /** Tells what failures cost since it was told last. */
  reportCosts(): void {
    const tolls = this.#costs.take();
    if (tolls.length > 0) this.#listener.tolls(tolls);
  }

  #openAccessLog(): AccessLog {
    return new AccessLog({
      style: this.settings.logStyle,
      keys: this.#keys,
      recorder: this.recorder,
      tally: this.counters.own,
      take: this.#listener.lines,
    });
  }

  /** @param giveUp closes a client's connection that is only read to its end, if there is one */
  #openLine(giveUp: () => boolean): ConnectionQueue {
    const { settings } = this;
    return new ConnectionQueue({
      budget: this.descriptors,
      deadlines: this.deadlines,
      pools: () => this.routes.pools,
      isControl: (pool) => pool.isControl,
      mayCall: () => this.#listener.calls < settings.limits.calls,
      patienceMs: settings.hold.ms,
      giveUp,
      refuseDoubtful: () => this.waitingRoom.giveUp(),
    });
  }

  #openReports(): FailureReports {
    return new FailureReports({
      deadlines: this.deadlines,
      counters: this.counters,
      costs: this.#costs,
      routes: this.routes,
      onEvidence: (evidence) => this.#listener.evidence(evidence),
      onFailure: (action, error) => this.recordFailure(action, error),
    });
  }

  #openAttempts(via: Uint8Array): Attempts {
    const { deadlines, buffers, drain, settings: { limits, linger } } = this;
    const requestDeadlines = this.#requestDeadlines;
    return new Attempts({
      deadlines,
      requestDeadlines,
      sampler: this.#sampler,
      reports: this.#reports,
      upload: {
        deadlines,
        requestDeadlines,
        linger,
        recordFailure: (action, error) => this.recordFailure(action, error),
      },
      relay: { limits, buffers, requestDeadlines, via, date: DATE_LINE, drain },
    });
  }

  #wireClients(
    via: Uint8Array,
    lingering: LingeringClients,
    turnedAway: LingeringClients,
  ): ClientServices {
    const { deadlines, drain, settings, trustedProxies } = this;
    const { limits, timeouts, linger } = settings;
    const builder = this.#openBuilder(via);
    return {
      deadlines,
      requestDeadlines: this.#requestDeadlines,
      limits,
      timeouts,
      linger,
      trusted: trustedProxies,
      telemetry: this.#telemetry,
      builder,
      routeLoop: this.#openRouteLoop(),
      fastPath: this.#wireFastPath(builder, via),
      lingering,
      turnedAway,
      drain,
      recordFailure: (action, error) => this.recordFailure(action, error),
    };
  }

  #openBuilder(via: Uint8Array): RequestBuilder {
    const { settings, buffers, routes } = this;
    const requestHead = this.#requestHead;
    const apiTokens = new ApiTokens(settings.tokens ?? [], (error) => {
      this.recordFailure("proxy.tokens", error);
    });
    const { keySource, publicApi, limits, underscores, trace } = settings;
    return new RequestBuilder({
      requestHead,
      limits,
      buffers,
      requestIds: new RequestIds(),
      router: new RequestRouter({
        requestHead,
        keySource,
        publicApi,
        routes,
        control: this.#control,
        apiTokens,
      }),
      via,
      portBytes: ascii(String(settings.listen.port)),
      underscores,
      trace,
    });
  }

  #openRouteLoop(): RouteLoop {
    const { deadlines, drain, admission, routes, counters, waitingRoom, settings: { hold } } = this;
    const retryBudget = this.#retryBudget;
    const costs = this.#costs;
    return new RouteLoop({
      retryBudget,
      deadlines,
      admission,
      connectionQueue: this.connectionQueue,
      attempts: this.attempts,
      reports: this.#reports,
      failover: { routes, admission, waitingRoom, retryBudget, deadlines, counters, costs, hold },
      holdMs: hold.ms,
      drain,
    });
  }

  #wireFastPath(builder: RequestBuilder, via: Uint8Array): FastPathServices {
    const { deadlines, drain, admission, recorder, attempts, settings: { limits } } = this;
    const responseHead = this.#responseHead;
    return {
      builder,
      admission,
      attempts,
      fastResponse: new FastResponse({
        responseHead,
        limits,
        recorder,
        via,
        date: DATE_LINE,
        drain,
      }),
      responseHead,
      retryBudget: this.#retryBudget,
      deadlines,
      requestDeadlines: this.#requestDeadlines,
      drain,
    };
  }

  #onTick(): void {
    const { now } = this.deadlines;
    this.counters.timingSampler.tick();
    this.counters.own.retryBudget = this.#retryBudget.left(now);
    for (const evidence of this.#slowWatch.look(this.routes.pools, now)) {
      this.#reports.accuse(evidence);
    }
    this.connectionQueue.tick();
    this.accessLog.tick();
    this.reportCosts();
    this.#tellSamples();
    this.#reports.tick();
  }

  #tellSamples(): void {
    const { now } = this.deadlines;
    if (!this.#sampler || now - this.#sampledAt < SAMPLE_MS) return;
    this.#sampledAt = now;
    const samples = this.#sampler.take();
    if (samples.length > 0) this.#listener.samples(samples);
  }

  #openPool(upstream: Upstream): InstancePool {
    const { connect, upstreamIdle, response } = this.settings.timeouts;
    const limits: PoolLimits = {
      maxIdle: MAX_IDLE,
      idleMs: upstreamIdle,
      connectMs: connect,
      responseMs: response,
    };
    const { instance } = upstream;
    const gauge = this.inFlight.gauge(instance, this.admission.cell(instance));
    return new InstancePool(
      upstream,
      gauge,
      limits,
      this.buffers,
      this.deadlines,
      this.connectionQueue,
    );
  }

  /** A call opens a connection of its own, which costs a message, and may take any time. */
  #openControl(): InstancePool {
    const { connect, upstreamIdle } = this.settings.timeouts;
    const upstream = { name: CONTROL, instance: CONTROL, address: { hostname: CONTROL, port: 0 } };
    return new InstancePool(
      upstream,
      this.inFlight.gauge(CONTROL, this.admission.cell(CONTROL)),
      { maxIdle: 0, idleMs: upstreamIdle, connectMs: connect, responseMs: Infinity },
      this.buffers,
      this.deadlines,
      undefined,
      () => Promise.resolve(this.#listener.call()),
    );
  }

  #retirePool(pool: InstancePool): void {
    pool.retire();
    this.inFlight.forget(pool.upstream.instance);
  }
}
