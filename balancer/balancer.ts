/**
 * One balancer: builds its parts and shuts them down in order.
 *
 * @module
 */
import type { Logger } from "@logtape/logtape";
import type { Config } from "./config.ts";
import { createControlApp } from "./control/app.ts";
import { Entrances } from "./control/server/listeners.ts";
import { openGate } from "./control/auth/open_middleware.ts";
import { ownEntrance } from "./control/server/own_listener.ts";
import { ReplicaNetworks } from "./control/auth/replica_networks.ts";
import type { ApiLimits } from "./control/server/api_connection.ts";
import { controlParts } from "./control_parts.ts";
import { pause } from "./engine/deadline.ts";
import { EngineError, type EngineKind, type Template } from "./engine/engine.ts";
import type { FleetOwner } from "./engine/fleet_owner.ts";
import { openEngine } from "./engine/open_engine.ts";
import { type FailureLog, Failures } from "./failures.ts";
import { fileLimit } from "./file_limit.ts";
import type { RingShape } from "./fleet/spec/ring_spec.ts";
import { systemClock } from "./clock.ts";
import { Deploys } from "./fleet/operations/deploy.ts";
import { FileStore } from "./fleet/store/file_store.ts";
import { Fleet } from "./fleet/fleet.ts";
import { httpProbe } from "./fleet/health/http_probe.ts";
import type { EventLog } from "./fleet/incidents/event_log.ts";
import { fleetPolicy } from "./fleet/member/policy.ts";
import { resumeDeploy } from "./fleet/operations/resume.ts";
import { StateLock, thisHolder } from "./fleet/store/state_lock.ts";
import { NO_STORE } from "./fleet/store/store.ts";
import { ChangeLock } from "./fleet/operations/change_lock.ts";
import type { Log } from "./log/log.ts";
import { type AccessStyle, accessStyleOf, type LogStyle } from "./log/style.ts";
import { Metrics } from "./metrics/metrics.ts";
import { loadErrorPages } from "./error_pages.ts";
import { Maintenance } from "./fleet/operations/maintenance.ts";
import { type ErrorPage, ErrorPages } from "./proxy/errors/error_pages.ts";
import { surviveOutOfFiles } from "./out_of_files.ts";
import { DescriptorBudget, sharedFiles } from "./proxy/transport/descriptor_budget.ts";
import { proxySettings, type TraceSettings, workerCount } from "./proxy/settings.ts";
import { DataPlaneWorkers } from "./proxy/worker/pool.ts";
import { originOf, PublicPort } from "./public_port.ts";
import type { Address } from "./view.ts";

/** Limit on upstreams of engine static, if the ring has room for them. */
const MAX_UPSTREAMS = 4096;

/** A running balancer. */
export interface Running {
  /** Resolves when another balancer asks for the fleet or has taken it: this one must end. */
  readonly takenOver: Promise<string>;
  /** Releases the fleet. Instances that can outlive this process are left to another balancer. */
  readonly handOver: () => Promise<void>;
  /** Lets requests finish, stops the replicas and releases all resources. */
  readonly end: () => Promise<void>;
  /** The fleet's event log. */
  readonly journal: EventLog;
}

/** Inputs of a balancer besides its configuration. */
interface StartOptions {
  /** The tracer of requests; undefined if tracing is off. */
  readonly traces?: TraceSettings | undefined;
  /** The environment; replicas of engine process get a part of it. */
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * Starts a balancer. The balancer serves when the promise resolves.
 *
 * @param config the configuration
 * @param log the program's log
 * @param start further inputs
 * @throws {Deno.errors.AddrInUse} the public port is taken
 * @throws {Error} an engine, a token, an entrance or the saved state is unavailable; the message
 * names it
 */
export async function startBalancer(
  config: Config,
  log: Log,
  { traces, environment }: StartOptions,
): Promise<Running> {
  const { logger } = log;
  const errorPages = loadErrorPages(config.http.errorPages);
  const failures = new Failures(logger);
  const unwatch = surviveOutOfFiles((error) => failures.record("process.files", error));
  const takenOver = Promise.withResolvers<string>();
  const lock = await lockState(config, logger);
  lock?.watch(({ pid, host }) =>
    takenOver.resolve(`the balancer with process id ${pid} on ${host}`)
  );
  const { engine, reason, networks, owner, dispose } = await openEngine(config, {
    failures,
    self: { ...thisHolder(), id: crypto.randomUUID(), lock: lock?.id ?? "" },
    log: logger,
    environment,
    report: (line) => logger.info("docker: {line}", { line }),
  });
  // The port may become free only after that.
  if (config.fleet.takeOver) await claimFleet(owner);
  const port = await openPort(config, failures, errorPages);
  const workers = workerCount(config);
  const sharedCounts = sharedFiles(workers, await fileLimit());
  const files = new DescriptorBudget(sharedCounts, workers);
  const entrances = await Entrances.open({
    own: ownEntrance(config, port.address),
    publicHost: config.listen.host,
    trusted: config.listen.trustedProxies,
    limits: apiLimits(config),
    maxConnections: config.limits.apiConnections,
    files,
    failures,
  });
  const { gate, sources, tokenFile, close: closeGate } = await openGate(config, {
    api: placeOf(entrances.own) ?? hostOf(port.address),
    log: logger,
    failures,
    replicas: new ReplicaNetworks(networks),
  });
  const { ownsInstances } = engine;
  const fleetLog = logger.getChild("fleet");
  const probe = httpProbe({
    path: config.health.path,
    headers: config.health.headers,
    ...(config.health.host === "" ? {} : { host: config.health.host }),
  });
  const proxy = {
    ...proxySettings(config, port.address, ownsInstances, accessStyle(config, log.style)),
    ...(traces && { traces }),
    errorPages,
    tokens: Object.values(sources).map(({ text, file }) => ({ text, file })),
  };
  const dataPlane = new DataPlaneWorkers({
    settings: proxy,
    report: (evidence) => fleet.observe(evidence),
    onTolls: (tolls) => fleet.count(tolls),
    onSamples: (samples) => fleet.compare(samples),
    onApplied: (version) => fleet.applied(version),
    log: (lines, lost) => log.pass(lines, lost),
    onCall: (connection) => entrances.takeOver(connection),
    failures,
    files: sharedCounts,
  });
  const fleet = new Fleet({
    engine,
    dataPlane,
    shape: ringShape(config),
    policy: fleetPolicy(config, ownsInstances),
    desired: ownsInstances ? config.fleet.replicas : config.fleet.upstreams.length,
    ...(ownsInstances ? {} : { upstreams: config.fleet.upstreams }),
    limit: ownsInstances ? config.fleet.maxReplicas : MAX_UPSTREAMS,
    probe,
    clock: systemClock,
    store: config.fleet.stateFile === ""
      ? NO_STORE
      : new FileStore(config.fleet.stateFile, fleetLog),
    ...(ownsInstances && { settings: templateOf(config, engine.kind) }),
    log: fleetLog,
    failures,
  });
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
  });
  const ending = new AbortController();
  const changeLock = new ChangeLock();
  const deploys = new Deploys({ fleet, engine, changeLock, now: systemClock.now });
  const maintenance = new Maintenance({ fleet, dataPlane });
  const parts = {
    config,
    maintenance,
    fleet,
    probe,
    engine,
    dataPlane,
    metrics,
    proxy,
    failures,
    log,
    gate,
    files,
  };
  const api = createControlApp(
    controlParts({ ...parts, changeLock, deploys, ending: ending.signal }),
  );
  try {
    await claimFleet(owner);
    // The port opens once the fleet is known, so that the first request finds a view.
    await fleet.open();
    await maintenance.resume();
    entrances.begin(api.fetch);
    await dataPlane.open();
  } catch (error) {
    await owner?.release();
    throw error;
  }
  await port.release();
  void resumeDeploy({
    deploys,
    clock: systemClock,
    log: fleetLog,
    failures,
    ending: ending.signal,
  });
  tellOwn(entrances.own, logger);
  if (tokenFile !== undefined) logger.info("the admin token is in {file}", { file: tokenFile });
  logger.info("listening on http://{hostname}:{port}, engine {engine} ({reason})", {
    ...port.address,
    engine: engine.kind,
    reason,
  });
  owner?.lost.then(({ pid, host }) =>
    takenOver.resolve(`the balancer with process id ${pid} on ${host}`)
  );
  return {
    journal: fleet.eventLog,
    takenOver: takenOver.promise,
    handOver: async () => {
      if (!owner) return;
      await fleet.abandon();
      await owner.release();
      lock?.[Symbol.dispose]();
    },
    end: async () => {
      ending.abort();
      await dataPlane.end({
        requestsMs: config.drain.requestsMs,
        streamsMs: config.drain.streamsMs,
      });
      await entrances.close(config.drain.requestsMs);
      await fleet.close();
      await metrics.close();
      await closeGate();
      await owner?.release();
      await dispose();
      lock?.[Symbol.dispose]();
      unwatch();
    },
  };
}

function accessStyle({ log }: Config, style: LogStyle): AccessStyle {
  return accessStyleOf(log.accessFormat, style, Deno.stdout.isTerminal());
}

/** Milliseconds that the port of a balancer that was asked to end may stay taken. */
const PORT_FREE_MS = 30_000;

async function openPort(
  config: Config,
  failures: FailureLog,
  errorPages: readonly ErrorPage[],
): Promise<PublicPort> {
  const { listen: { host: hostname, port }, fleet: { takeOver } } = config;
  const deadline = performance.now() + (takeOver ? PORT_FREE_MS : 0);
  for (;;) {
    try {
      return new PublicPort({ hostname, port }, failures, new ErrorPages(errorPages));
    } catch (error) {
      const taken = error instanceof Deno.errors.AddrInUse;
      if (!taken || performance.now() >= deadline) throw error;
      await pause(100);
    }
  }
}

async function lockState(config: Config, log: Logger): Promise<StateLock | undefined> {
  const { stateFile: path, takeOver } = config.fleet;
  return path === "" ? undefined : await StateLock.take({ path, log, takeOver });
}

/** Claims the fleet. An unreachable engine is no error: the claim follows when it is back. */
async function claimFleet(owner: FleetOwner | undefined): Promise<void> {
  try {
    await owner?.ensure();
  } catch (error) {
    if (!(error instanceof EngineError) || error.kind === "owned") throw error;
  }
}

function apiLimits(config: Config): ApiLimits {
  return {
    lineBytes: config.limits.lineBytes,
    headBytes: config.limits.headBytes,
    fields: config.limits.fields,
    headMs: config.timeouts.headMs,
    idleMs: config.timeouts.keepAliveMs,
    bodyMs: config.timeouts.bodyMs,
  };
}

function ringShape(config: Config): RingShape {
  return {
    slots: config.ring.slots,
    virtualServers: config.ring.virtualServers,
    layout: config.ring.layout,
    hashes: config.ring.hashes,
  };
}

/** The template of instances, from the settings. */
function templateOf(config: Config, kind: EngineKind): Template {
  return {
    ...(kind === "docker" && { image: config.replica.image }),
    ...(config.replica.command !== "" && { command: config.replica.command }),
    ...(Object.keys(config.replica.options).length > 0 && {
      options: config.replica.options,
    }),
  };
}

/** The address of the page and the API, if they are not on the public port. */
function tellOwn(own: Deno.Addr | undefined, logger: Logger): void {
  if (!own) return;
  const at = "path" in own ? `unix:${own.path}` : `${originOf(own as Deno.NetAddr)}/_lb/`;
  logger.info("the page and the API are at {at}", { at });
}

/** An entrance of the API, as a URL or as the path of its socket file. */
function placeOf(own: Deno.Addr | undefined): string | undefined {
  if (!own) return undefined;
  return "path" in own ? own.path : hostOf(own as Deno.NetAddr);
}

function hostOf(address: Address): string {
  return new URL(originOf(address)).host;
}
