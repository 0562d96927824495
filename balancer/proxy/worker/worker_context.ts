/**
 * What the connections of one worker share.
 *
 * @module
 */
import type { Tracing } from "../../tracing/tracing.ts";
import type { Evidence, Sample, Toll, Upstream, View } from "../../view.ts";
import { AccessLog, type BatchTaker } from "../telemetry/access_log.ts";
import { BufferPool } from "../transport/buffers.ts";
import type { Connection } from "../transport/byte_stream.ts";
import { ConnectionLine } from "../upstream/connection_queue.ts";
import { ApiTokens } from "../forward/api_tokens.ts";
import { isApiPath, isControlCall } from "../routing/control_call.ts";
import { Deadlines } from "../transport/deadlines.ts";
import type { Downstream } from "../downstream/client_connection.ts";
import { EvidenceLimit } from "../upstream/evidence_limiter.ts";
import type { FileBudget } from "../transport/descriptor_budget.ts";
import { DATE_LINE } from "../http1/date_line.ts";
import { RequestHead } from "../http1/request_head.ts";
import { ResponseHead } from "../http1/response_head.ts";
import { ascii } from "../http1/writer.ts";
import { InFlight } from "../upstream/in_flight.ts";
import { requestKey } from "../routing/key.ts";
import { KeyText } from "../telemetry/key_redaction.ts";
import { latin1 } from "../http1/latin1.ts";
import { LingeringClients } from "../downstream/lingering_clients.ts";
import type { LoadMap } from "../upstream/load_cells.ts";
import { type LoadSheet, Places } from "../routing/admission.ts";
import { RequestIds } from "../request/request_ids.ts";
import { RequestTraces } from "../telemetry/request_tracer.ts";
import type { ResponseRelay } from "../forward/response_relay.ts";
import { Recorder } from "../telemetry/record_sampler.ts";
import { isEvidence, type UpstreamError } from "../errors/upstream_error.ts";
import { RetryBudget } from "../upstream/retry_budget.ts";
import { Routes } from "../routing/routing_table.ts";
import type { ProxySettings } from "../settings.ts";
import { Sampler } from "../upstream/outlier_sampler.ts";
import { SlowWatch } from "../upstream/slow_detector.ts";
import { Tallies } from "../stats/worker_counters.ts";
import type { ReplicaSheets, TallySheet } from "../stats/counter_table.ts";
import { TollBook } from "../stats/failure_cost.ts";
import type { Destination, Transaction } from "../request/request.ts";
import {
  InstancePool,
  type PoolLimits,
  type UpstreamConnection,
} from "../upstream/connection_pool.ts";
import { TrustedPeers } from "../downstream/trusted_proxies.ts";
import { WaitingRoom } from "../hold/waiting_room.ts";
import { WholeResponse } from "../forward/fast_response.ts";

/** Unused connections that are kept for each instance. */
const MAX_IDLE = 1024;

/** Between two tellings of how instances answer, in milliseconds. */
const SAMPLE_MS = 1000;

/** What the proxy calls itself in `Via` (RFC 9110, section 7.6.3). */
const VIA = ascii("1.1 ringkeeper");

/** Who hears of what happens. */
export interface ProxyListener {
  evidence(evidence: Evidence): void;
  tolls(tolls: readonly Toll[]): void;
  samples(samples: readonly Sample[]): void;
  /** Lines of the access log. */
  readonly lines: BatchTaker;
  failure(action: string, error: unknown): void;
  /** Calls of the control API that it has not ended yet. */
  readonly calls: number;
  /** Opens a connection to the control API. */
  call(): Connection;
}

/** Where a worker counts, beside the others. */
export interface WorkerSheets extends LoadSheet {
  /** What is about itself; its row there is the same. */
  readonly tallies: TallySheet;
}

/** The state of one worker. */
export class Proxy {
  readonly settings: ProxySettings;
  /** Proxies in front whose word about the origin of a request is believed. */
  readonly trusted: TrustedPeers;
  /** What it calls itself in `Via`; empty where it is not to say so. */
  readonly via: Uint8Array;
  /** The port that clients connect to, as it is sent on. */
  readonly portBytes: Uint8Array;
  readonly date = DATE_LINE;
  readonly buffers = new BufferPool();
  readonly deadlines = new Deadlines();
  readonly inFlight = new InFlight();
  readonly requestIds = new RequestIds();
  readonly retryBudget: RetryBudget;
  /** Used between two waits only. */
  readonly requestHead = new RequestHead();
  /** Likewise. */
  readonly responseHead = new ResponseHead();
  readonly wholeResponse = new WholeResponse();
  /** Lent for the time of a response. */
  readonly relays: ResponseRelay[] = [];
  readonly routes: Routes;
  /** Who is in flight to whom. */
  readonly places: Places;
  /** Requests that wait for a replica. */
  readonly waitingRoom: WaitingRoom;
  /** Which requests there is a record of, and who hears of them. */
  readonly recorder: Recorder;
  readonly accessLog: AccessLog;
  /** Traces requests, where that is wanted. */
  traces: RequestTraces | undefined;
  /** What it counts for good. */
  readonly tallies: Tallies;
  /** Requests that wait for a connection. */
  readonly line: ConnectionLine;
  /** Counts connections, so that files are left for everything else. */
  readonly files: FileBudget;
  /** Clients that were answered and whose bytes are read only to be dropped. */
  readonly lingering = new LingeringClients();
  /** Clients that were turned away, and whose bytes are read only so that they see the answer. */
  readonly turnedAway = new LingeringClients(() => this.files.turnedAwayRoom);
  readonly tolls = new TollBook();
  /** Counts how instances answer, where that is asked for. */
  readonly sampler: Sampler | undefined;
  /** True once the worker is to end: every response closes its connection. */
  draining = false;
  readonly #listener: ProxyListener;
  readonly #control: InstancePool;
  readonly #apiTokens: ApiTokens;
  /** Write keys, for the access log and for traces. */
  readonly #keys: KeyText;
  readonly #evidenceLimit = new EvidenceLimit();
  readonly #slowWatch: SlowWatch;
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
    listener: ProxyListener,
    files: FileBudget,
  ) {
    this.settings = settings;
    this.trusted = new TrustedPeers(settings.trusted);
    this.via = settings.via ? VIA : ascii("");
    this.portBytes = ascii(String(settings.listen.port));
    this.#keys = new KeyText(settings.keySource);
    this.#apiTokens = new ApiTokens(settings.tokens ?? [], (error) => {
      listener.failure("proxy.tokens", error);
    });
    this.files = files;
    this.#listener = listener;
    const tallies = this.tallies = new Tallies(sheets.tallies, sheets.row);
    this.retryBudget = new RetryBudget(settings.workers);
    this.routes = new Routes({
      open: (upstream) => this.#openPool(upstream),
      tally: (name) => tallies.of(name),
      retire: (pool) => this.#retirePool(pool),
    }, settings.loadBound);
    const recorder = this.recorder = new Recorder(this.routes);
    this.accessLog = new AccessLog({
      style: settings.logStyle,
      keys: this.#keys,
      recorder,
      tally: tallies.worker,
      take: listener.lines,
    });
    this.places = new Places(sheets, this.routes, settings);
    this.waitingRoom = new WaitingRoom(settings.hold, this.deadlines, (count) => {
      tallies.worker.holding = count;
    });
    this.line = new ConnectionLine({
      budget: files,
      deadlines: this.deadlines,
      pools: () => this.routes.pools,
      isControl: (pool) => pool === this.#control,
      mayCall: () => listener.calls < settings.limits.calls,
      patienceMs: settings.hold.ms,
      giveUp: () => this.turnedAway.giveUp() || this.lingering.giveUp(),
      refuseDoubtful: () => this.waitingRoom.giveUp(),
    });
    this.sampler = settings.outliers ? new Sampler() : undefined;
    this.#slowWatch = new SlowWatch(settings.suspectMs, settings.timeouts.response);
    // Always due: told with each tick.
    this.deadlines.add({ deadlineAt: -Infinity, onDeadline: () => this.#onTick() });
    this.#control = this.#openControl();
  }

  /** Traces requests from now on; resolves when it can write their keys, too. */
  trace(tracing: Tracing): Promise<void> {
    const { traces = { heedsClient: false } } = this.settings;
    this.traces = new RequestTraces(tracing, traces, this.#keys);
    this.recorder.listeners.push(this.traces);
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
    this.files.review(view.ring.members.length);
    this.places.publish(loads);
    this.tallies.enroll(view.ring.members, sheets);
    this.routes.publish(view);
    this.waitingRoom.review(performance.now());
  }

  /** Where the request goes whose head was parsed last. */
  destination(client: Downstream, request: Transaction): Destination {
    if (this.#isControlCall(client)) return { key: undefined, first: this.#control };
    const { keySource } = this.settings;
    // The usual case without the facts that the others need.
    const key = keySource.from === "request-id" ? request.requestId : requestKey(keySource, {
      request,
      client: client.origin,
      bytes: client.wire.bytes,
      head: this.requestHead,
    });
    return { key, first: this.routes.current?.owner(key) };
  }

  /** Tells of a failed attempt. */
  note({ name, instance }: Upstream, failure: UpstreamError, { destination }: Transaction): void {
    if (instance === CONTROL) return this.recordFailure("proxy.control", failure);
    const { kind } = failure;
    const fresh = isEvidence(failure);
    this.tallies.of(name).failed(fresh ? kind : "stale");
    const evidence = { name, instance, kind, fresh, key: destination.key ?? "" };
    this.#accuse(failure.sent === "no" ? { ...evidence, unreachable: true } : evidence);
  }

  /** Tells of a response that broke off in the middle: what else ran there, shows by its key. */
  noteBroken({ pool, expired }: UpstreamConnection, { destination: { key } }: Transaction): void {
    const { name, instance } = pool.upstream;
    if (key === undefined) return;
    this.tolls.add(this.routes.ownerOf(key), "broken");
    this.#accuse({ name, instance, kind: expired ? "timeout" : "reset", fresh: false, key });
  }

  /** Takes note of the beginning of a response, or of an interim one. */
  noteAnswer(upstream: UpstreamConnection, status: number): void {
    upstream.pool.answeredAt = this.deadlines.now;
    if (status >= 200) this.sampler?.answered(upstream, status);
  }

  recordFailure(action: string, error: unknown): void {
    this.#listener.failure(action, error);
  }

  /** Until when a response has to begin. The control API takes as long as a change takes. */
  responseDeadline(pool: InstancePool): number {
    if (pool === this.#control) return Infinity;
    return this.deadlines.in(this.settings.timeouts.response);
  }

  /** Until when the next part of a request's body has to come, or to be taken by the replica. */
  uploadDeadline(): number {
    return this.deadlines.in(this.settings.timeouts.body);
  }

  /** Until when the next part of a response's body has to come, or to be taken by the client. */
  responseBodyDeadline(): number {
    return this.deadlines.in(this.settings.timeouts.responseBody);
  }

  /** Until when something has to go through a tunnel, or come of a response without an end. */
  streamDeadline(): number {
    return this.deadlines.in(this.settings.timeouts.streamIdle);
  }

  close(): void {
    this.deadlines.close();
    this.tellTolls();
    this.accessLog.flush();
  }

  #onTick(): void {
    const { now } = this.deadlines;
    this.tallies.pace.tick();
    this.tallies.worker.retryBudget = this.retryBudget.left(now);
    for (const evidence of this.#slowWatch.look(this.routes.pools, now)) this.#accuse(evidence);
    this.line.tick();
    this.accessLog.tick();
    this.tellTolls();
    this.#tellSamples();
    const dropped = this.#evidenceLimit.takeDropped(now);
    if (dropped > 0) this.recordFailure("proxy.evidence", `${dropped} more, not passed on`);
  }

  #accuse(evidence: Evidence): void {
    if (this.#evidenceLimit.allow(this.deadlines.now)) this.#listener.evidence(evidence);
  }

  /** Tells what failures cost since it was told last. */
  tellTolls(): void {
    const tolls = this.tolls.take();
    if (tolls.length > 0) this.#listener.tolls(tolls);
  }

  #tellSamples(): void {
    const { now } = this.deadlines;
    if (!this.sampler || now - this.#sampledAt < SAMPLE_MS) return;
    this.#sampledAt = now;
    const samples = this.sampler.take();
    if (samples.length > 0) this.#listener.samples(samples);
  }

  #openPool(upstream: Upstream): InstancePool {
    const { connect, upstreamIdle } = this.settings.timeouts;
    const limits: PoolLimits = { maxIdle: MAX_IDLE, idleMs: upstreamIdle, connectMs: connect };
    const { instance } = upstream;
    const gauge = this.inFlight.gauge(instance, this.places.cell(instance));
    return new InstancePool(upstream, gauge, limits, this.buffers, this.deadlines, this.line);
  }

  /** A call opens a connection of its own: that costs a message. */
  #openControl(): InstancePool {
    const { connect, upstreamIdle } = this.settings.timeouts;
    const upstream = { name: CONTROL, instance: CONTROL, address: { hostname: CONTROL, port: 0 } };
    return new InstancePool(
      upstream,
      this.inFlight.gauge(CONTROL, this.places.cell(CONTROL)),
      { maxIdle: 0, idleMs: upstreamIdle, connectMs: connect },
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

  #isControlCall({ wire }: Downstream): boolean {
    const { method, targetStart, pathEnd } = this.requestHead;
    // A look at one letter spares nearly every request the rest: /add, /rep, /rm, /_lb/...
    const letter = wire.bytes[targetStart + 1]!;
    if (letter !== 0x61 && letter !== 0x72 && letter !== 0x5f) return false;
    const { publicApi } = this.settings;
    const path = latin1(wire.bytes, targetStart, pathEnd);
    if (isControlCall(method, path, publicApi)) return true;
    // It goes to a replica; the client may have meant the API by it.
    if (isApiPath(path)) this.#apiTokens.hide(this.requestHead.fields, wire.bytes);
    return false;
  }
}

/** Stands for the control API where others have an instance's id. */
const CONTROL = "control";
