/**
 * Builds the parts of one balancer and connects them.
 *
 * @module
 */
import type { Hono } from "hono";
import { systemClock } from "./clock.ts";
import type { CertificateStatus } from "./answers/certificate.ts";
import type { Cluster } from "./cluster/cluster.ts";
import type { Config } from "./config.ts";
import { accessStyle, apiLimits, apiTls, ringShape, templateOf } from "./config_parts.ts";
import { createControlApp } from "./control/app.ts";
import { openGate } from "./control/auth/open_middleware.ts";
import { ReplicaNetworks } from "./control/auth/replica_networks.ts";
import type { ApiLimits } from "./control/server/api_connection.ts";
import { Entrances } from "./control/server/listeners.ts";
import { ownEntrance } from "./control/server/own_listener.ts";
import { controlParts } from "./control_parts.ts";
import type { Engine } from "./engine/engine.ts";
import { LeasedEngine } from "./engine/leased_engine.ts";
import type { OpenedEngine } from "./engine/open_engine.ts";
import type { Failures } from "./failures.ts";
import { fileLimit } from "./file_limit.ts";
import { Fleet } from "./fleet/fleet.ts";
import { httpProbe } from "./fleet/health/http_probe.ts";
import type { Probe } from "./fleet/health/probe.ts";
import { type FleetPolicy, fleetPolicy } from "./fleet/member/policy.ts";
import { ChangeLock } from "./fleet/operations/change_lock.ts";
import { Maintenance } from "./fleet/operations/maintenance.ts";
import { Deploys } from "./fleet/operations/deploy.ts";
import { Machines } from "./fleet/operations/machines.ts";
import { FileStore } from "./fleet/store/file_store.ts";
import { healthHeaders } from "./health_headers.ts";
import { type GivenSettings, LiveSettings } from "./live_settings.ts";
import { NO_STORE } from "./fleet/store/store.ts";
import type { Log } from "./log/log.ts";
import type { ErrorPage } from "./proxy/settings.ts";
import { Metrics } from "./metrics/metrics.ts";
import {
  type ProxySettings,
  proxySettings,
  type TraceSettings,
  workerCount,
} from "./proxy/settings.ts";
import {
  DescriptorBudget,
  type SharedFiles,
  sharedFiles,
} from "./proxy/transport/descriptor_budget.ts";
import { DataPlaneWorkers } from "./proxy/worker/pool.ts";
import { settingsTarget } from "./settings_target.ts";
import { applyIsolation } from "./isolation.ts";
import { PeerPort } from "./peer_port.ts";
import { hostOf, placeOf, type PublicPort } from "./public_port.ts";
import type { TlsFront } from "./tls_front.ts";
import type { UpstreamTls } from "./upstream_tls.ts";

/** Limit on upstreams of engine static, if the ring has room for them. */
const MAX_UPSTREAMS = 4096;

/** Everything that exists before the parts. */
export interface Foundation {
  readonly given: GivenSettings;
  readonly config: Config;
  readonly log: Log;
  readonly failures: Failures;
  readonly engine: OpenedEngine;
  readonly port: PublicPort;
  /** TLS for clients. */
  readonly tls: TlsFront;
  /** TLS to replicas. */
  readonly upstreamTls: UpstreamTls;
  readonly errorPages: readonly ErrorPage[];
  /** The tracer of requests; undefined if tracing is off. */
  readonly traces: TraceSettings | undefined;
  /** The other balancers of the fleet; undefined if this one is alone. */
  readonly cluster: Cluster | undefined;
  /** Key of messages between them. */
  readonly secret: string | undefined;
}

/** The parts of one balancer. */
export interface Parts {
  readonly live: LiveSettings;
  /** Where calls of the API arrive. */
  readonly entrances: Entrances;
  /** The file of the admin token that the balancer generated; undefined if it generated none. */
  readonly tokenFile: string | undefined;
  /** Removes a generated token that no later start could use. */
  readonly closeGate: () => Promise<void>;
  readonly dataPlane: DataPlaneWorkers;
  readonly fleet: Fleet;
  readonly metrics: Metrics;
  readonly deploys: Deploys;
  readonly machines: Machines;
  readonly maintenance: Maintenance;
  readonly api: Hono;
  /** The port for messages of other balancers; undefined if there are none. */
  readonly peers: PeerPort | undefined;
}

/** File descriptors that all threads share. */
interface Descriptors {
  readonly shared: SharedFiles;
  /** The budget of the main thread. */
  readonly budget: DescriptorBudget;
}

/**
 * Builds the parts of a balancer. None of them serves before it is opened.
 *
 * @param foundation everything that exists before the parts
 * @param ending aborted when the balancer begins to end
 * @throws {Error} a token, an entrance or the saved state is unavailable; the message names it
 */
export async function buildParts(foundation: Foundation, ending: AbortSignal): Promise<Parts> {
  const { given, config, log, failures } = foundation;
  const engine = guarded(foundation);
  const descriptors = await openDescriptors(config);
  const limits = apiLimits(config);
  const peers = await PeerPort.connect(foundation, descriptors.budget);
  const live: LiveSettings = new LiveSettings(given, () => target, log.logger);
  const entrances = await openEntrances(foundation, descriptors.budget, limits, live);
  const { gate, sources, tokenFile, close: closeGate, prepare } = await openGate(config, {
    api: placeOf(entrances.own) ?? hostOf(foundation.port.address),
    log: log.logger,
    failures,
    replicas: new ReplicaNetworks(foundation.engine.networks),
  });
  const proxy: ProxySettings = {
    ...requestSettings(foundation),
    tokens: Object.values(sources).map(({ text, file }) => ({ text, file })),
  };
  const dataPlane = openDataPlane(foundation, proxy, descriptors.shared, {
    fleet: () => fleet,
    entrances,
  });
  const { cluster } = foundation;
  if (cluster) {
    applyIsolation(cluster, config.fleet.isolated, { log: log.logger, failures, dataPlane });
  }
  const probe = await openProbe(config, foundation.upstreamTls);
  const policy = fleetPolicy(config, engine.ownsInstances);
  const fleet = openFleet(foundation, engine, dataPlane, probe, policy);
  const metrics = new Metrics({
    fleet,
    maintenance: () => fleet.maintenance !== undefined,
    dataPlane,
    failures,
    refusals: () => gate.refusals,
    engine: engine.kind,
    workers: proxy.workers,
    lostLogLines: () => log.lost,
    clock: systemClock,
    apiAcceptFailures: () => entrances.acceptFailures,
    certificates: () => certificatesOf(foundation),
    ...{ upstreamTls: foundation.upstreamTls, orders: () => foundation.tls.orders },
  });
  const changeLock = new ChangeLock();
  const deploys = new Deploys({ fleet, engine, changeLock, now: systemClock.now });
  const machines = new Machines({ fleet, engine, changeLock, now: systemClock.now });
  const maintenance = new Maintenance({ fleet, dataPlane });
  const control = controlParts({
    ...{ live, fleet, probe, engine, dataPlane, metrics, proxy, failures, log, gate },
    certificates: () => certificatesOf(foundation),
    credentials: () => foundation.tls.credentials,
    ...{ files: descriptors.budget, changeLock, deploys, machines, maintenance, ending },
  });
  const target = settingsTarget({
    ...{ fleet, log, dataPlane, policy, apiLimits: limits, prepareGate: prepare },
    prepareTls: (after) => foundation.tls.prepare(after),
    ownsInstances: engine.ownsInstances,
    setUpstreams: (upstreams, onMade) => control.upstreams.set(upstreams, onMade),
  });
  const api = createControlApp(control);
  return {
    ...{ live, entrances, tokenFile, closeGate, dataPlane, fleet, metrics, deploys },
    ...{ machines, maintenance, api, peers },
  };
}

async function openDescriptors(config: Config): Promise<Descriptors> {
  const workers = workerCount(config);
  const shared = sharedFiles(workers, await fileLimit());
  return { shared, budget: new DescriptorBudget(shared, workers) };
}

function openEntrances(
  { config, failures, port, tls }: Foundation,
  files: DescriptorBudget,
  limits: ApiLimits,
  live: LiveSettings,
): Promise<Entrances> {
  return Entrances.open({
    own: ownEntrance(config, port.address),
    publicHost: config.listen.host,
    trusted: config.listen.trustedProxies,
    limits,
    get maxConnections() {
      return live.config.limits.apiConnections;
    },
    files,
    failures,
    tls: apiTls(config, tls.credentials),
  });
}

function requestSettings(
  { config, log, engine, port, tls, traces, errorPages }: Foundation,
): ProxySettings {
  const access = accessStyle(config, log.style);
  return {
    ...proxySettings(config, port.address, engine.engine.ownsInstances, access),
    ...(traces && { traces }),
    ...(tls.settings && { tls: tls.settings }),
    errorPages,
  };
}

/** The receivers of the data plane's reports and calls. */
interface DataPlaneReceivers {
  /** The fleet, which is built after the data plane. */
  readonly fleet: () => Fleet;
  readonly entrances: Entrances;
}

function openDataPlane(
  { log, failures, tls, upstreamTls }: Foundation,
  settings: ProxySettings,
  files: SharedFiles,
  { fleet, entrances }: DataPlaneReceivers,
): DataPlaneWorkers {
  const dataPlane = new DataPlaneWorkers({
    settings,
    credentials: { ...tls.credentials, trust: upstreamTls.trust },
    report: (evidence) => fleet().observe(evidence),
    onCosts: (costs) => fleet().count(costs),
    onSamples: (samples) => fleet().compare(samples),
    onApplied: (version) => fleet().applied(version),
    log: (lines, lost) => log.pass(lines, lost),
    onCall: (connection) => entrances.takeOver(connection),
    failures,
    files,
  });
  tls.listen((credentials) => {
    dataPlane.certify({ ...credentials, trust: upstreamTls.trust });
    entrances.certify(credentials.certificates);
  });
  upstreamTls.listen((trust) => dataPlane.certify({ ...tls.credentials, trust }));
  return dataPlane;
}

/** The certificates that clients and replicas are shown. */
function certificatesOf({ tls, upstreamTls }: Foundation): CertificateStatus[] {
  return [...tls.status(), ...upstreamTls.status()];
}

async function openProbe({ health }: Config, tls: UpstreamTls): Promise<Probe> {
  const { path, host } = health;
  return httpProbe({
    path,
    headers: await healthHeaders(health),
    secure: (connection, host, signal) => tls.secure(connection, host, signal),
    ...(host === "" ? {} : { host }),
  });
}

/** One of several balancers acts only while it holds the lease. */
function guarded({ engine: { engine }, cluster }: Foundation): Engine {
  return cluster ? new LeasedEngine(engine, () => cluster.holds) : engine;
}

function openFleet(
  { config, log, failures, cluster }: Foundation,
  engine: Engine,
  dataPlane: DataPlaneWorkers,
  probe: Probe,
  policy: FleetPolicy,
): Fleet {
  const { fleet: { replicas, upstreams, maxReplicas, stateFile } } = config;
  const fleetLog = log.logger.getChild("fleet");
  return new Fleet({
    engine,
    dataPlane,
    shape: ringShape(config),
    policy,
    ...(engine.ownsInstances
      ? { desired: replicas, limit: maxReplicas, settings: templateOf(config, engine.kind) }
      : { desired: upstreams.length, limit: MAX_UPSTREAMS, upstreams }),
    probe,
    clock: systemClock,
    ...(cluster && { cluster }),
    onMaintenance: (state) => {
      dataPlane.maintain(state).catch((error) => failures.record("fleet.maintenance", error));
    },
    store: stateFile === "" ? NO_STORE : new FileStore(stateFile, fleetLog),
    log: fleetLog,
    failures,
  });
}
