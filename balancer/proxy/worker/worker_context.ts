/**
 * Services shared by the connections of one worker.
 *
 * @module
 */
import type { Tracing } from "../../tracing/tracing.ts";
import type { Suspension, View } from "../../view.ts";
import type { ClientServices } from "../downstream/client_services.ts";
import type { Http2Services } from "../downstream/http2_services.ts";
import type { Attempts } from "../forward/attempt.ts";
import { LingeringClients } from "../downstream/lingering_clients.ts";
import { TrustedProxies } from "../downstream/trusted_proxies.ts";
import { Challenges } from "../forward/challenges.ts";
import { FailureReports } from "../forward/failure_reports.ts";
import { WaitingRoom } from "../hold/waiting_room.ts";
import { RequestHead } from "../http1/request_head.ts";
import { DrainState } from "../request/drain_state.ts";
import { MaintenanceSwitch } from "../request/maintenance.ts";
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
import type { InstancePool } from "../upstream/connection_pool.ts";
import { ConnectionQueue } from "../upstream/connection_queue.ts";
import { InFlight } from "../upstream/in_flight.ts";
import type { LoadMap } from "../upstream/load_cells.ts";
import { OutlierSampler } from "../upstream/outlier_sampler.ts";
import { RequestDeadlines } from "../upstream/request_deadlines.ts";
import { RetryBudget } from "../upstream/retry_budget.ts";
import { SlowDetector } from "../upstream/slow_detector.ts";
import { InstancePools } from "./instance_pools.ts";
import { openPipeline, type Pipeline } from "./pipeline.ts";
import { keySources, replaceSettings } from "./live_settings.ts";
import type { WorkerListener, WorkerSheets } from "./worker_parts.ts";

/** Interval between two reports of outlier samples, in milliseconds. */
const SAMPLE_MS = 1000;

/** Wires the services of one worker; nothing below worker/ imports this class. */
export class WorkerContext {
  /** The settings in force; see {@linkcode WorkerContext.reconfigure}. */
  readonly settings: ProxySettings;
  /** Trusted proxies, whose statements about a request's origin are believed. */
  readonly trustedProxies: TrustedProxies;
  readonly buffers = new BufferPool();
  readonly deadlines = new Deadlines();
  readonly inFlight = new InFlight();
  readonly drain = new DrainState();
  readonly routes: RoutingTable;
  /** Counts requests in flight, and bounds each replica's load. */
  readonly admission: Admission;
  /** Requests that wait for a replica. */
  readonly waitingRoom: WaitingRoom;
  /** Decides which requests get a record, and which consumers receive it. */
  readonly recorder: RecordSampler;
  readonly accessLog: AccessLog;
  /** The worker's persistent counters. */
  readonly counters: WorkerCounters;
  /** Requests that wait for a connection. */
  readonly connectionQueue: ConnectionQueue;
  /** Counts connections, so that file descriptors are left for everything else. */
  readonly descriptors: DescriptorBudget;
  /** Performs attempts. */
  readonly attempts: Attempts;
  /** Services shared by the client connections. */
  readonly clients: ClientServices;
  /** Services shared by the connections of HTTP/2. */
  readonly http2: Http2Services;
  /** Challenges of certificate authorities. */
  readonly challenges = new Challenges();
  readonly #maintenance = new MaintenanceSwitch();
  readonly #listener: WorkerListener;
  /** Connections to instances. */
  readonly pools: InstancePools;
  readonly #control: InstancePool;
  /** The head that was parsed last; valid until the next `await`. */
  readonly #requestHead = new RequestHead();
  readonly #retryBudget: RetryBudget;
  readonly #telemetry: Telemetry;
  /** Redacts keys for the access log and for traces. */
  readonly #keys: KeyRedaction;
  readonly #costs = new FailureCosts();
  readonly #reports: FailureReports;
  /** Samples how instances answer; undefined when outlier detection is off. */
  readonly #sampler: OutlierSampler | undefined;
  readonly #slowDetector: SlowDetector;
  readonly #pipeline: Pipeline;
  #sampledAt = 0;

  /**
   * @param settings the worker's configuration
   * @param sheets counter memory, shared with the other workers
   * @param listener receives the worker's reports
   * @param files file counts, shared with the other workers
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
    this.#keys = new KeyRedaction(settings.rules.keySource, ...keySources(settings));
    const counters = this.counters = new WorkerCounters(sheets.counters, sheets.row);
    this.#retryBudget = new RetryBudget(settings.workers);
    this.routes = new RoutingTable({
      open: (upstream) => this.pools.open(upstream),
      counters: (name) => counters.of(name),
      retire: (pool) => this.pools.retire(pool),
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
    this.connectionQueue = this.#openQueue(() => turnedAway.giveUp() || lingering.giveUp());
    this.#sampler = settings.outliers ? new OutlierSampler() : undefined;
    this.#slowDetector = new SlowDetector(settings);
    this.pools = new InstancePools({
      ...{ settings, counters: counters.own },
      ...{ inFlight: this.inFlight, admission: this.admission },
      buffers: this.buffers,
      deadlines: this.deadlines,
      connectionQueue: this.connectionQueue,
    });
    this.#control = this.pools.openControl(() => listener.call());
    this.#reports = this.#openReports();
    const { attempts, clients } = this.#pipeline = openPipeline({
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
      ...{ maintenance: this.#maintenance, challenges: this.challenges },
      telemetry: this.#telemetry,
      ...{ lingering, turnedAway },
      recordFailure: (action, error) => this.recordFailure(action, error),
    });
    this.attempts = attempts;
    this.clients = clients;
    this.http2 = {
      clients,
      buffers: this.buffers,
      limits: { ...settings.limits, ...settings.http2 },
      timeouts: settings.timeouts,
      counters: counters.own,
    };
    // Always due: runs with each tick.
    this.deadlines.add({ deadlineAt: -Infinity, onDeadline: () => this.#onTick() });
  }

  /** True once the worker drains: every response closes its connection. */
  get draining(): boolean {
    return this.drain.draining;
  }

  /** Starts tracing; resolves once keys can be redacted for traces, too. */
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
   * @param loads shared memory in which each instance's load is counted
   * @param sheets counter memory of the replicas that are new in the ring
   */
  publish(view: View, loads: LoadMap, sheets: ReplicaSheets): void {
    this.descriptors.review(view.ring.members.length);
    this.admission.publish(loads);
    this.counters.enroll(view.ring.members, sheets);
    this.routes.publish(view);
    this.waitingRoom.review(performance.now());
  }

  /** Begins, changes or ends a suspension. */
  maintain(state: Suspension | undefined): void {
    this.#maintenance.set(state, new TrustedProxies(state?.allow ?? []));
  }

  /** Takes changed settings; requests under way keep the rules that they began with. */
  reconfigure(next: ProxySettings): void {
    replaceSettings(this.settings, next);
    void this.#keys.expect(keySources(next));
    this.#pipeline.reconfigure();
    this.routes.loadBound = next.loadBound;
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

  /** Reports the failure costs since the previous report. */
  reportCosts(): void {
    const costs = this.#costs.take();
    if (costs.length > 0) this.#listener.costs(costs);
  }

  #openAccessLog(): AccessLog {
    return new AccessLog({
      style: this.settings.logStyle,
      keys: this.#keys,
      recorder: this.recorder,
      counters: this.counters.own,
      take: this.#listener.lines,
    });
  }

  /** @param giveUp closes one lingering client connection; returns false if there is none */
  #openQueue(giveUp: () => boolean): ConnectionQueue {
    const { settings } = this;
    return new ConnectionQueue({
      budget: this.descriptors,
      deadlines: this.deadlines,
      pools: () => this.routes.pools,
      isControl: (pool) => pool.isControl,
      mayCall: () => this.#listener.calls < settings.limits.calls,
      get patienceMs() {
        return settings.hold.ms;
      },
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
      this.#reports.report(evidence);
    }
    this.connectionQueue.tick();
    this.accessLog.tick();
    this.reportCosts();
    this.#reportSamples();
    this.#reports.tick();
  }

  #reportSamples(): void {
    const { now } = this.deadlines;
    if (!this.#sampler || now - this.#sampledAt < SAMPLE_MS) return;
    this.#sampledAt = now;
    const samples = this.#sampler.take();
    if (samples.length > 0) this.#listener.samples(samples);
  }
}
