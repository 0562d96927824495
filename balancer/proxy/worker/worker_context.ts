/**
 * What the connections of one worker share.
 *
 * @module
 */
import type { Tracing } from "../../tracing/tracing.ts";
import type { Upstream, View } from "../../view.ts";
import type { ClientServices } from "../downstream/client_connection.ts";
import type { Attempts } from "../forward/attempt.ts";
import { LingeringClients } from "../downstream/lingering_clients.ts";
import { TrustedProxies } from "../downstream/trusted_proxies.ts";
import { FailureReports } from "../forward/failure_reports.ts";
import { WaitingRoom } from "../hold/waiting_room.ts";
import { RequestHead } from "../http1/request_head.ts";
import { DrainState } from "../request/drain_state.ts";
import { Admission } from "../routing/admission.ts";
import { RoutingTable } from "../routing/routing_table.ts";
import type { ProxySettings } from "../settings.ts";
import type { ReplicaSheets } from "../stats/counter_table.ts";
import { FailureCosts } from "../stats/failure_cost.ts";
import { WorkerCounters } from "../stats/worker_counters.ts";
import { AccessLog } from "../telemetry/access_log.ts";
import { KeyRedaction } from "../telemetry/key_redaction.ts";
import { RecordSampler } from "../telemetry/record_sampler.ts";
import { RequestTracer } from "../telemetry/request_tracer.ts";
import { Telemetry } from "../telemetry/telemetry.ts";
import { BufferPool } from "../transport/buffers.ts";
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
import { openPipeline } from "./pipeline.ts";
import type { WorkerListener, WorkerSheets } from "./worker_parts.ts";

/** Unused connections that are kept for each instance. */
const MAX_IDLE = 1024;

/** Between two tellings of how instances answer, in milliseconds. */
const SAMPLE_MS = 1000;

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
  /** The head that was parsed last, for use until the next wait. */
  readonly #requestHead = new RequestHead();
  readonly #retryBudget: RetryBudget;
  readonly #telemetry: Telemetry;
  /** Write keys, for the access log and for traces. */
  readonly #keys: KeyRedaction;
  readonly #costs = new FailureCosts();
  readonly #reports: FailureReports;
  /** Counts how instances answer, where that is asked for. */
  readonly #sampler: OutlierSampler | undefined;
  readonly #slowDetector: SlowDetector;
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
    const counters = this.counters = new WorkerCounters(sheets.tallies, sheets.row);
    this.#retryBudget = new RetryBudget(settings.workers);
    this.routes = new RoutingTable({
      open: (upstream) => this.#openPool(upstream),
      counters: (name) => counters.of(name),
      retire: (pool) => this.#retirePool(pool),
    }, settings.loadBound);
    this.recorder = new RecordSampler(this.routes);
    this.#telemetry = new Telemetry(counters, this.recorder, this.#requestHead);
    this.accessLog = this.#openAccessLog();
    this.admission = new Admission(sheets, this.routes, settings);
    this.waitingRoom = new WaitingRoom(settings.hold, this.deadlines, (count) => {
      counters.own.holding = count;
    });
    const lingering = new LingeringClients();
    const turnedAway = new LingeringClients(() => files.turnedAwayRoom);
    this.connectionQueue = this.#openLine(() => turnedAway.giveUp() || lingering.giveUp());
    this.#sampler = settings.outliers ? new OutlierSampler() : undefined;
    this.#slowDetector = new SlowDetector(settings.suspectMs, settings.timeouts.response);
    this.#control = this.#openControl();
    this.#reports = this.#openReports();
    const { attempts, clients } = openPipeline({
      settings,
      deadlines: this.deadlines,
      requestDeadlines: new RequestDeadlines(this.deadlines, settings.timeouts),
      buffers: this.buffers,
      drain: this.drain,
      trustedProxies: this.trustedProxies,
      requestHead: this.#requestHead,
      routes: this.routes,
      admission: this.admission,
      waitingRoom: this.waitingRoom,
      connectionQueue: this.connectionQueue,
      control: this.#control,
      counters,
      costs: this.#costs,
      retryBudget: this.#retryBudget,
      sampler: this.#sampler,
      reports: this.#reports,
      recorder: this.recorder,
      telemetry: this.#telemetry,
      lingering,
      turnedAway,
      recordFailure: (action, error) => this.recordFailure(action, error),
    });
    this.attempts = attempts;
    this.clients = clients;
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

  #onTick(): void {
    const { now } = this.deadlines;
    this.counters.timingSampler.tick();
    this.counters.own.retryBudget = this.#retryBudget.left(now);
    for (const evidence of this.#slowDetector.look(this.routes.pools, now)) {
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
