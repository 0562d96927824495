/**
 * The balancer: puts the rooms together and ends them in order. The only reader of the environment
 * and the only one to install signal handlers.
 *
 * @module
 */
import type { Logger } from "@logtape/logtape";
import { type Config, ConfigError, readConfig, ringCapacity } from "./config.ts";
import { createControlApp } from "./control/app.ts";
import { isLoopback } from "./control/guard.ts";
import type { Engine } from "./engine/engine.ts";
import { openEngine } from "./engine/open_engine.ts";
import { errorMessage, Failures } from "./failures.ts";
import { systemClock } from "./fleet/clock.ts";
import { Fleet } from "./fleet/fleet.ts";
import { httpProbe } from "./fleet/http_probe.ts";
import { Membership } from "./fleet/membership.ts";
import { fleetPolicy } from "./fleet/policy.ts";
import { fleetStatus } from "./fleet/status.ts";
import { openLog } from "./log.ts";
import { Forwarder } from "./proxy/forwarder.ts";
import { serve } from "./proxy/server.ts";

/** Exit status for settings that cannot be used, as in sysexits.h (EX_CONFIG). */
const EXIT_CONFIG = 78;

/** Milliseconds that a client may take to send the body of a call to the control API. */
const BODY_TIMEOUT_MS = 10_000;

/** What ends with the balancer, in the order in which it ends. */
interface Running {
  readonly server: Deno.HttpServer<Deno.NetAddr>;
  /** Milliseconds that running requests get. */
  readonly drainMs: number;
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
  const forwarder = new Forwarder({
    keySource: config.LB_KEY,
    patience: {
      connectMs: config.LB_CONNECT_TIMEOUT_MS,
      responseMs: config.LB_RESPONSE_TIMEOUT_MS,
    },
    report: (evidence) => fleet.observe(evidence),
  });
  const { engine, reason, dispose } = await openEngine(config, failures);
  const { probe, close: closeProbe } = httpProbe(config.LB_HEALTH_PATH);
  const fleet = new Fleet({
    engine,
    dataPlane: forwarder,
    shape: ringShape(config),
    policy: fleetPolicy(config, engine.ownsInstances),
    desired: engine.ownsInstances ? config.LB_REPLICAS : config.LB_UPSTREAMS.length,
    limit: engine.ownsInstances ? replicaLimit(config) : config.LB_UPSTREAMS.length,
    probe,
    clock: systemClock,
    log: log.getChild("fleet"),
    failures,
  });
  const control = controlApp(config, fleet, engine, failures);
  // The port comes first: a taken one must end the balancer before it starts a replica. What comes
  // in before the engine was asked what runs waits for its answer.
  const opened = Promise.withResolvers<void>();
  const server = serve({
    hostname: config.LB_HOST,
    port: config.LB_PORT,
    control: (request) => opened.promise.then(() => control.fetch(request)),
    forward: (request, target, client) =>
      opened.promise.then(() => forwarder.handle(request, target, client)),
    failures,
  });
  const { hostname, port } = server.addr;
  log.info("listening on http://{hostname}:{port}, engine {engine} ({reason})", {
    hostname,
    port,
    engine: engine.kind,
    reason,
  });
  await fleet.open();
  opened.resolve();
  return {
    server,
    drainMs: config.LB_DRAIN_MS,
    end: async () => {
      await fleet.close();
      forwarder.close();
      closeProbe();
      await dispose();
    },
  };
}

function replicaLimit(config: Config): number {
  return Math.min(config.LB_MAX_REPLICAS, ringCapacity(config));
}

function ringShape(config: Config) {
  return {
    slots: config.LB_SLOTS,
    virtualServers: config.LB_VIRTUAL_SERVERS,
    layout: config.LB_LAYOUT,
    hashes: config.LB_HASHES,
  };
}

function controlApp(config: Config, fleet: Fleet, engine: Engine, failures: Failures) {
  const membership = new Membership({
    fleet,
    limit: replicaLimit(config),
    changeable: engine.ownsInstances,
  });
  const startedAt = systemClock.now();
  return createControlApp({
    membership,
    status: () => ({
      ...fleetStatus(fleet, systemClock.now()),
      virtualServers: config.LB_VIRTUAL_SERVERS,
      hashes: config.LB_HASHES,
      engine: engine.kind,
      startedAt: new Date(startedAt).toISOString(),
      failures: failures.counts(),
    }),
    guard: {
      token: config.LB_ADMIN_TOKEN,
      open: config.LB_ADMIN_OPEN,
      loopback: isLoopback(config.LB_HOST),
    },
    failures,
    bodyTimeoutMs: BODY_TIMEOUT_MS,
  });
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

async function end({ server, drainMs, end }: Running, log: Logger): Promise<void> {
  try {
    await drained(server, drainMs);
    await end();
    log.info("ended");
    Deno.exit(0);
  } catch (error) {
    log.fatal("could not end cleanly: {error}", { error: errorMessage(error) });
    Deno.exit(1);
  }
}

/** Accepts no more, and waits for the requests that run until the deadline. */
async function drained(server: Deno.HttpServer<Deno.NetAddr>, deadlineMs: number): Promise<void> {
  const { promise: deadline, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, deadlineMs);
  await Promise.race([server.shutdown(), deadline]);
  clearTimeout(timer);
}

function startError(error: unknown, { LB_HOST, LB_PORT }: Config): string {
  if (error instanceof Deno.errors.AddrInUse) {
    return `LB_PORT: ${LB_PORT} on ${LB_HOST} is taken by another program; choose another port`;
  }
  return errorMessage(error);
}

if (import.meta.main) await main();
