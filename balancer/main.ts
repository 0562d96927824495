/**
 * The balancer: puts the rooms together and ends them in order. The only reader of the environment
 * and the only one to install signal handlers.
 *
 * @module
 */
import type { Logger } from "@logtape/logtape";
import { type Config, ConfigError, readConfig } from "./config.ts";
import { createControlApp } from "./control/app.ts";
import { Entrances } from "./control/entrances.ts";
import type { Gate } from "./control/gate.ts";
import { openGate } from "./control/open_gate.ts";
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
import { fleetPolicy } from "./fleet/policy.ts";
import { fleetStatus } from "./fleet/status.ts";
import { openLog } from "./log.ts";
import { Metrics } from "./metrics/metrics.ts";
import { type ProxySettings, proxySettings } from "./proxy/settings.ts";
import { DataPlaneWorkers } from "./proxy/workers.ts";
import type { Address, DataPlane } from "./view.ts";

/** Exit status for settings that cannot be used, as in sysexits.h (EX_CONFIG). */
const EXIT_CONFIG = 78;

/** Milliseconds that a client may take to send the body of a call to the control API. */
const BODY_TIMEOUT_MS = 10_000;

/** A balancer that runs. */
interface Running {
  /** Lets requests finish, stops the replicas and gives everything back. */
  readonly end: () => Promise<void>;
}

async function main(): Promise<void> {
  const { config, unknown } = configOrExit();
  const log = await openLog(config.LB_LOG_LEVEL, config.LB_LOG_FORMAT);
  for (const name of unknown) log.warn("{name} is no setting of the balancer", { name });
  try {
    const running = await start(config, log);
    endOnSignal(running, log);
  } catch (error) {
    log.fatal("cannot start: {error}", { error: startError(error, config) });
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

async function start(config: Config, log: Logger): Promise<Running> {
  const failures = new Failures(log);
  const gate = await openGate(config, log, failures);
  const listen = freeAddress(config);
  const entrances = await Entrances.open({
    own: config.LB_ADMIN_LISTEN,
    publicHost: config.LB_HOST,
    trusted: config.LB_TRUSTED_PROXIES,
  });
  const files = await fileLimit();
  const { engine, reason, dispose } = await openEngine(config, failures);
  const { probe, close: closeProbe } = httpProbe(config.LB_HEALTH_PATH);
  const proxy = proxySettings(config, listen, entrances.inner, engine.ownsInstances);
  const dataPlane = new DataPlaneWorkers({
    settings: proxy,
    report: (evidence) => fleet.observe(evidence),
    onTolls: (tolls) => fleet.count(tolls),
    onSamples: (samples) => fleet.compare(samples),
    onApplied: (version) => fleet.applied(version),
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
    log: log.getChild("fleet"),
    failures,
  });
  const metrics = new Metrics({
    fleet,
    dataPlane,
    failures: () => failures.counts(),
    refusals: () => gate.refusals,
    engine: engine.kind,
    workers: proxy.workers,
    now: systemClock.now,
  });
  const ending = new AbortController();
  const parts = { config, fleet, engine, dataPlane, metrics, proxy, failures, gate };
  const api = controlApp({ ...parts, ending: ending.signal });
  // The port opens when it is known what runs, so that the first request finds a view.
  await fleet.open();
  entrances.begin(api.fetch);
  await dataPlane.open();
  tellOwn(entrances.own, log);
  log.info("listening on http://{hostname}:{port}, engine {engine} ({reason})", {
    ...listen,
    engine: engine.kind,
    reason,
  });
  return {
    end: async () => {
      ending.abort();
      await dataPlane.end({
        requestsMs: config.LB_DRAIN_MS,
        streamsMs: config.LB_DRAIN_STREAMS_MS,
      });
      await entrances.close(config.LB_DRAIN_MS);
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

/** Where the page and the API are, if not on the public port. */
function tellOwn(own: Deno.Addr | undefined, log: Logger): void {
  if (!own) return;
  const at = "path" in own ? `unix:${own.path}` : `${clientUrl(own as Deno.NetAddr)}/_lb/`;
  log.info("the page and the API are at {at}", { at });
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
  readonly dataPlane: DataPlane;
  readonly metrics: Metrics;
  readonly proxy: ProxySettings;
  readonly failures: Failures;
  readonly gate: Gate;
  /** Aborted when the balancer begins to end. */
  readonly ending: AbortSignal;
}

function controlApp(parts: ControlParts) {
  const { config, fleet, engine, dataPlane, metrics, proxy, failures, gate, ending } = parts;
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
      publicApi: proxy.publicApi,
      hold: proxy.hold,
      loadBound: proxy.loadBound,
    },
    gate,
    failures,
    bodyTimeoutMs: BODY_TIMEOUT_MS,
  });
}

/** Where this machine reaches the public port: what listens everywhere does on loopback, too. */
function clientUrl({ hostname, port }: Address): string {
  const reached = hostname === "0.0.0.0" ? "127.0.0.1" : hostname === "::" ? "::1" : hostname;
  return `http://${reached.includes(":") ? `[${reached}]` : reached}:${port}`;
}

function endOnSignal(running: Running, log: Logger): void {
  let ending = false;
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    Deno.addSignalListener(signal, () => {
      if (ending) Deno.exit(128 + (signal === "SIGINT" ? 2 : 15));
      ending = true;
      log.info("{signal}: draining; a second signal ends at once", { signal });
      end(running, log);
    });
  }
}

async function end(running: Running, log: Logger): Promise<void> {
  try {
    await running.end();
    log.info("ended");
    Deno.exit(0);
  } catch (error) {
    log.fatal("could not end cleanly: {error}", { error: errorMessage(error) });
    Deno.exit(1);
  }
}

function startError(error: unknown, { LB_HOST, LB_PORT }: Config): string {
  if (error instanceof Deno.errors.AddrInUse) {
    return `LB_PORT: ${LB_PORT} on ${LB_HOST} is taken by another program; choose another port`;
  }
  return errorMessage(error);
}

if (import.meta.main) await main();
