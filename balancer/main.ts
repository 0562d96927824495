/**
 * The balancer: puts the rooms together and ends them in order. The only reader of the environment
 * and the only one to install signal handlers.
 *
 * @module
 */
import type { Logger } from "@logtape/logtape";
import { type Config, ConfigError, readConfig } from "./config.ts";
import { createControlApp } from "./control/app.ts";
import { isLoopback } from "./control/guard.ts";
import type { LogDials } from "./control/log_calls.ts";
import type { Engine } from "./engine/engine.ts";
import { openEngine } from "./engine/open_engine.ts";
import { errorMessage, Failures } from "./failures.ts";
import { fileLimit } from "./file_limit.ts";
import { systemClock } from "./fleet/clock.ts";
import { Fleet } from "./fleet/fleet.ts";
import { httpProbe } from "./fleet/http_probe.ts";
import { Membership, type RingShape } from "./fleet/membership.ts";
import { NO_STORE } from "./fleet/store.ts";
import { fileStore } from "./fleet/file_store.ts";
import { Deploys } from "./fleet/deploy.ts";
import { Turns } from "./fleet/turns.ts";
import type { Journal } from "./fleet/journal.ts";
import { fleetPolicy } from "./fleet/policy.ts";
import { fleetStatus } from "./fleet/status.ts";
import { Log } from "./log/log.ts";
import { styleOf } from "./log/style.ts";
import { Metrics } from "./metrics/metrics.ts";
import { type ProxySettings, proxySettings, type TraceSettings } from "./proxy/settings.ts";
import { DataPlaneWorkers } from "./proxy/workers.ts";
import { traceHeals } from "./tracing/heal_spans.ts";
import { openTracing, type Tracing } from "./tracing/tracing.ts";
import type { Address } from "./view.ts";

/** Exit status for settings that cannot be used, as in sysexits.h (EX_CONFIG). */
const EXIT_CONFIG = 78;

/** Milliseconds that a client may take to send the body of a call to the control API. */
const BODY_TIMEOUT_MS = 10_000;

/** A balancer that runs. */
interface Running {
  /** Lets requests finish, stops the replicas and gives everything back. */
  readonly end: () => Promise<void>;
  /** What happens to its fleet. */
  readonly journal: Journal;
}

async function main(): Promise<void> {
  const { config, unknown } = configOrExit();
  const style = styleOf(config.LB_LOG_FORMAT, Deno.stdout.isTerminal());
  const log = await Log.open(config.LB_LOG_LEVEL, style);
  for (const name of unknown) log.logger.warn("{name} is no setting of the balancer", { name });
  const tracing = await openTracing();
  // What nobody asked for (heartbeats, calls of the engine) is nobody's trace.
  if (tracing) await tracing.quietly(() => run(config, log, tracing));
  else await run(config, log);
}

async function run(config: Config, log: Log, tracing?: Tracing): Promise<void> {
  const traces = tracing && traceSettings(log.logger);
  try {
    const running = await start(config, log, traces);
    if (tracing) traceHeals(running.journal, tracing);
    endOnSignal(running, log);
  } catch (error) {
    log.logger.fatal("cannot start: {error}", { error: startError(error, config) });
    await log.flush();
    Deno.exit(1);
  }
}

function configOrExit(): ReturnType<typeof readConfig> {
  try {
    return readConfig(Deno.env.toObject());
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const lines = ["The balancer cannot start with these settings:", ...error.faults, ""];
    Deno.stderr.writeSync(new TextEncoder().encode(lines.join("\n")));
    Deno.exit(EXIT_CONFIG);
  }
}

/**
 * Deno's sampler, where none is set, takes everything. Clients are heeded all the same; what Deno
 * traces by itself cannot be left out then.
 */
function traceSettings(logger: Logger): TraceSettings {
  const heedsClient = (Deno.env.get("OTEL_TRACES_SAMPLER") ?? "") === "";
  if (heedsClient) {
    logger.warn(
      "OTEL_TRACES_SAMPLER is not set: heartbeats are traced; with {better} they are not",
      {
        better: "parentbased_always_on",
      },
    );
  }
  return { heedsClient };
}

async function start(config: Config, log: Log, traces?: TraceSettings): Promise<Running> {
  const { logger } = log;
  const failures = new Failures(logger);
  const listen = freeAddress(config);
  const files = await fileLimit();
  const { engine, reason, dispose } = await openEngine(config, failures);
  const { probe, close: closeProbe } = httpProbe(config.LB_HEALTH_PATH);
  const control = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    (request) => api.fetch(request),
  );
  const proxy = {
    ...proxySettings(config, listen, control.addr, engine.ownsInstances, log.style),
    ...(traces && { traces }),
  };
  const dataPlane = new DataPlaneWorkers({
    settings: proxy,
    report: (evidence) => fleet.observe(evidence),
    onTolls: (tolls) => fleet.count(tolls),
    onSamples: (samples) => fleet.compare(samples),
    onApplied: (version) => fleet.applied(version),
    log: (lines, lost) => log.pass(lines, lost),
    failures,
    files,
  });
  const fleet = new Fleet({
    engine,
    dataPlane,
    shape: ringShape(config),
    policy: fleetPolicy(config, engine.ownsInstances),
    desired: engine.ownsInstances ? config.LB_REPLICAS : config.LB_UPSTREAMS.length,
    limit: engine.ownsInstances ? config.LB_MAX_REPLICAS : config.LB_UPSTREAMS.length,
    probe,
    clock: systemClock,
    store: config.LB_STATE_FILE === "" ? NO_STORE : fileStore(config.LB_STATE_FILE),
    log: logger.getChild("fleet"),
    failures,
  });
  const metrics = new Metrics({
    fleet,
    dataPlane,
    failures: () => failures.counts(),
    engine: engine.kind,
    workers: proxy.workers,
    lostLogLines: () => log.lost,
    now: systemClock.now,
  });
  const ending = new AbortController();
  const parts = { config, fleet, engine, dataPlane, metrics, proxy, failures, log };
  const api = controlApp({ ...parts, ending: ending.signal });
  // The port opens when it is known what runs, so that the first request finds a view.
  await fleet.open();
  await dataPlane.open();
  logger.info("listening on http://{hostname}:{port}, engine {engine} ({reason})", {
    ...listen,
    engine: engine.kind,
    reason,
  });
  return {
    journal: fleet.journal,
    end: async () => {
      ending.abort();
      await dataPlane.end({
        requestsMs: config.LB_DRAIN_MS,
        streamsMs: config.LB_DRAIN_STREAMS_MS,
      });
      await control.shutdown();
      await fleet.close();
      metrics.close();
      closeProbe();
      await dispose();
    },
  };
}

/**
 * The address to listen on. The workers share their port, so they would not notice another program
 * that shares it, too; and a taken port has to end the balancer before it starts a replica.
 *
 * @throws {Deno.errors.AddrInUse} somebody has the port
 */
function freeAddress({ LB_HOST, LB_PORT }: Config): Address {
  using listener = Deno.listen({ hostname: LB_HOST, port: LB_PORT });
  return { hostname: LB_HOST, port: listener.addr.port };
}

function ringShape(config: Config): RingShape {
  return {
    slots: config.LB_SLOTS,
    virtualServers: config.LB_VIRTUAL_SERVERS,
    layout: config.LB_LAYOUT,
    hashes: config.LB_HASHES,
  };
}

/** What the control API is put together from. */
interface ControlParts {
  readonly config: Config;
  readonly fleet: Fleet;
  readonly engine: Engine;
  readonly dataPlane: DataPlaneWorkers;
  readonly metrics: Metrics;
  readonly proxy: ProxySettings;
  readonly failures: Failures;
  readonly log: Log;
  /** Aborted when the balancer begins to end. */
  readonly ending: AbortSignal;
}

function controlApp(parts: ControlParts) {
  const { config, fleet, engine, dataPlane, metrics, proxy, failures, log, ending } = parts;
  const turns = new Turns();
  const membership = new Membership({
    fleet,
    turns,
    changeable: engine.ownsInstances,
    now: systemClock.now,
  });
  const startedAt = systemClock.now();
  const deploys = new Deploys({ fleet, engine, turns, now: systemClock.now });
  return createControlApp({
    membership,
    deploys,
    incidents: () => fleet.incidents.all,
    journal: fleet.journal,
    ending,
    drills: config.LB_DRILLS
      ? {
        url: () => clientUrl(proxy.listen),
        upstream: (name) => fleet.view.ready.get(name),
        kill: (instance) => engine.kill(instance),
        incidents: () => fleet.incidents.all,
      }
      : undefined,
    status: () => ({
      ...fleetStatus(fleet, systemClock.now()),
      engine: engine.kind,
      startedAt: new Date(startedAt).toISOString(),
      failures: failures.counts(),
    }),
    metrics,
    explain: {
      view: () => fleet.view,
      inFlight: (instance) => dataPlane.inFlight(instance),
      keySource: proxy.keySource,
      hold: proxy.hold,
      loadBound: proxy.loadBound,
    },
    log: logDials(log, dataPlane),
    guard: {
      token: config.LB_ADMIN_TOKEN,
      open: config.LB_ADMIN_OPEN,
      loopback: isLoopback(config.LB_HOST),
    },
    failures,
    bodyTimeoutMs: BODY_TIMEOUT_MS,
  });
}

function logDials(log: Log, dataPlane: DataPlaneWorkers): LogDials {
  return {
    state: () => ({ level: log.level, access: dataPlane.accessLogging }),
    turn: ({ level = log.level, access }) => {
      log.level = level;
      if (access !== undefined) dataPlane.accessLogging = access;
    },
  };
}

/** Where this machine reaches the public port: what listens everywhere does on loopback, too. */
function clientUrl({ hostname, port }: Address): string {
  const reached = hostname === "0.0.0.0" ? "127.0.0.1" : hostname === "::" ? "::1" : hostname;
  return `http://${reached.includes(":") ? `[${reached}]` : reached}:${port}`;
}

function endOnSignal(running: Running, log: Log): void {
  let ending = false;
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    Deno.addSignalListener(signal, () => {
      if (ending) Deno.exit(128 + (signal === "SIGINT" ? 2 : 15));
      ending = true;
      log.logger.info("{signal}: draining; a second signal ends at once", { signal });
      end(running, log);
    });
  }
}

async function end(running: Running, log: Log): Promise<void> {
  const code = await endCode(running, log);
  await log.flush();
  Deno.exit(code);
}

async function endCode(running: Running, { logger }: Log): Promise<number> {
  try {
    await running.end();
    logger.info("ended");
    return 0;
  } catch (error) {
    logger.fatal("could not end cleanly: {error}", { error: errorMessage(error) });
    return 1;
  }
}

function startError(error: unknown, { LB_HOST, LB_PORT }: Config): string {
  if (error instanceof Deno.errors.AddrInUse) {
    return `LB_PORT: ${LB_PORT} on ${LB_HOST} is taken by another program; choose another port`;
  }
  return errorMessage(error);
}

if (import.meta.main) await main();
