/**
 * One balancer: builds its parts and shuts them down in order.
 *
 * @module
 */
import type { Logger } from "@logtape/logtape";
import { systemClock } from "./clock.ts";
import type { Config } from "./config.ts";
import { loadErrorPages } from "./error_pages.ts";
import { openEngine } from "./engine/open_engine.ts";
import { Failures } from "./failures.ts";
import type { EventLog } from "./fleet/incidents/event_log.ts";
import { resumeDeploy } from "./fleet/operations/resume.ts";
import type { GivenSettings, LiveSettings } from "./live_settings.ts";
import type { Log } from "./log/log.ts";
import { openCluster } from "./open_cluster.ts";
import { surviveOutOfFiles } from "./out_of_files.ts";
import { Ownership } from "./ownership.ts";
import { buildParts, type Foundation, type Parts } from "./parts.ts";
import type { TraceSettings } from "./proxy/settings.ts";
import { openPort, originOf } from "./public_port.ts";
import { TlsFront } from "./tls_front.ts";
import { UpstreamTls } from "./upstream_tls.ts";

/** A running balancer. */
export interface Running {
  /** The settings in force. */
  readonly settings: LiveSettings;
  /** Resolves when another balancer asks for the fleet or has taken it: this one must end. */
  readonly takenOver: Promise<string>;
  /** Releases the fleet. Instances that can outlive this process are left to another balancer. */
  readonly handOver: () => Promise<void>;
  /** Lets requests finish, stops the replicas and releases all resources. */
  readonly end: () => Promise<void>;
  /** The fleet's event log. */
  readonly eventLog: EventLog;
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
 * @param given the settings
 * @param log the program's log
 * @param start further inputs
 * @throws {Deno.errors.AddrInUse} the public port is taken
 * @throws {Error} an engine, a token, an entrance or the saved state is unavailable; the message
 * names it
 */
export async function startBalancer(
  given: GivenSettings,
  log: Log,
  start: StartOptions,
): Promise<Running> {
  const { foundation, ownership, unwatch } = await openFoundation(given, log, start);
  const { port, tls, upstreamTls, engine, cluster } = foundation;
  const ending = new AbortController();
  const parts = await buildParts(foundation, ending.signal);
  await serve(parts, ownership);
  await port.release();
  await tls.release((answers) => parts.dataPlane.challenge(answers));
  resume(parts, foundation, ending.signal);
  report(parts, foundation);
  ownership.watch();
  return {
    eventLog: parts.fleet.eventLog,
    settings: parts.live,
    takenOver: ownership.takenOver,
    handOver: () => handOver(parts, ownership),
    end: async () => {
      ending.abort();
      await tls.close();
      await end(parts, parts.live.config);
      await upstreamTls.close();
      await ownership.release();
      // The other balancers of the store go on with the replicas and their network.
      if (!cluster) await engine.dispose();
      ownership.unlock();
      unwatch();
    },
  };
}

/** Opens what the parts of a balancer need: first the shared store, the engine and the ports. */
async function openFoundation(
  given: GivenSettings,
  log: Log,
  { traces, environment }: StartOptions,
) {
  const { config } = given;
  const errorPages = loadErrorPages(config.http.errorPages);
  const failures = new Failures(log.logger);
  const unwatch = surviveOutOfFiles((error) => failures.record("process.files", error));
  const joined = await openCluster(config, failures);
  const ownership = await Ownership.open(config, log.logger, joined?.id);
  const engine = await openEngine(config, {
    failures,
    self: ownership.self,
    log: log.logger,
    environment,
    report: (line) => log.logger.info("docker: {line}", { line }),
  });
  ownership.add(engine.owner);
  // The port may become free only after that.
  if (config.fleet.takeOver) await ownership.claim();
  const { listen: { host: hostname, port: wanted }, fleet: { takeOver } } = config;
  const port = await openPort({ hostname, port: wanted }, takeOver, failures, errorPages);
  const tls = await TlsFront.open(config, {
    log: log.logger,
    failures,
    takePort: (port) => openPort({ hostname, port }, takeOver, failures, null),
    cluster: joined?.cluster,
  });
  const upstreamTls = await UpstreamTls.open(config.upstreamTls, { log: log.logger, failures });
  const foundation = {
    ...{ given, config, log, failures, engine, port, tls, upstreamTls, traces },
    ...{ cluster: joined?.cluster, errorPages, secret: joined?.secret },
  } satisfies Foundation;
  return { foundation, ownership, unwatch };
}

/** The port opens once the fleet is known, so that the first request finds a view. */
async function serve(
  { fleet, maintenance, entrances, api, dataPlane }: Parts,
  ownership: Ownership,
): Promise<void> {
  try {
    await ownership.claim();
    await fleet.open();
    await maintenance.resume();
    entrances.begin(api.fetch);
    await dataPlane.open();
  } catch (error) {
    await ownership.release();
    throw error;
  }
}

/** Of several balancers the one that heals goes on with deploys and drains. */
function resume(
  { deploys, machines, fleet }: Parts,
  { log, failures, cluster }: Foundation,
  ending: AbortSignal,
): void {
  const fleetLog = log.logger.getChild("fleet");
  const resumed = () => {
    void resumeDeploy({ deploys, clock: systemClock, log: fleetLog, failures, ending });
    machines.resume().catch((error) => failures.record("fleet.drain", error));
  };
  fleet.onHealing = resumed;
  if (!cluster || fleet.mayHeal) resumed();
}

async function handOver({ fleet }: Parts, ownership: Ownership): Promise<void> {
  if (!ownership.shared) return;
  await fleet.abandon();
  await ownership.release();
  ownership.unlock();
}

async function end(
  { dataPlane, entrances, fleet, metrics, closeGate, peers }: Parts,
  { drain: { requestsMs, streamsMs } }: Config,
): Promise<void> {
  await dataPlane.end({ requestsMs, streamsMs });
  await entrances.close(requestsMs);
  await fleet.close();
  await peers?.close(requestsMs);
  await metrics.close();
  await closeGate();
}

/** Logs the addresses, the token's file and the engine. */
function report(
  { entrances, tokenFile }: Parts,
  { log: { logger }, engine: { engine, reason }, port, tls, config }: Foundation,
): void {
  reportOwn(entrances.own, config.admin.tls === "on" ? "https" : "http", logger);
  if (tokenFile !== undefined) logger.info("the admin token is in {file}", { file: tokenFile });
  if (tls.settings) {
    logger.info("listening on {url}", { url: originOf(tls.settings.listen, "https") });
  }
  logger.info("listening on http://{hostname}:{port}, engine {engine} ({reason})", {
    ...port.address,
    engine: engine.kind,
    reason,
  });
}

/** Logs the address of the page and the API, if they are not on the public port. */
function reportOwn(own: Deno.Addr | undefined, scheme: string, logger: Logger): void {
  if (!own) return;
  const at = "path" in own ? `unix:${own.path}` : `${originOf(own as Deno.NetAddr, scheme)}/_lb/`;
  logger.info("the page and the API are at {at}", { at });
}
