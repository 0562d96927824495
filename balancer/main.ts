/**
 * The balancer's main program: settings, signals and exit status. Only this module reads the
 * environment and installs signal handlers.
 *
 * @module
 */
import { type Running, startBalancer } from "./balancer.ts";
import { type Config, ConfigError, readSettings } from "./config.ts";
import { withDeadline } from "./engine/deadline.ts";
import { errorMessage } from "./failures.ts";
import type { GivenSettings } from "./live_settings.ts";
import { Log } from "./log/log.ts";
import { styleOf } from "./log/style.ts";
import type { TraceSettings } from "./proxy/settings.ts";
import { configPath, loadConfigFile } from "./settings/file/load.ts";
import { traceHeals } from "./tracing/heal_spans.ts";
import { openTracing, type Tracing } from "./tracing/tracing.ts";

/** Exit status for invalid settings, as in sysexits.h (EX_CONFIG). */
const EXIT_CONFIG = 78;

/** Settings that must not reach programs that the balancer starts. */
const SECRETS = ["LB_ADMIN_TOKEN", "LB_READ_TOKEN"];

async function main(): Promise<void> {
  const given = await settingsOrExit();
  const { config } = given;
  for (const name of SECRETS) Deno.env.delete(name);
  const style = styleOf(config.log.format, Deno.stdout.isTerminal());
  const log = await Log.open(config.log.level, style);
  const tracing = await openTracing();
  // Background calls of the engine belong to no trace.
  if (tracing) await tracing.quietly(() => run(given, log, tracing));
  else await run(given, log);
}

async function run(given: GivenSettings, log: Log, tracing?: Tracing): Promise<void> {
  const { config } = given;
  try {
    const traces = tracing && traceSettings(log);
    const environment = Deno.env.toObject();
    const running = await startBalancer(given, log, { traces, environment });
    if (tracing) traceHeals(running.eventLog, tracing);
    endOnSignal(running, log);
    endWhenTakenOver(running, log);
    if (given.file) reloadOnSignal(running, log);
  } catch (error) {
    log.logger.fatal("cannot start: {error}", { error: startError(error, config) });
    await log.flush();
    Deno.exit(1);
  }
}

async function settingsOrExit(): Promise<GivenSettings> {
  try {
    const takeOver = Deno.args.includes("--take-over");
    const env = { ...Deno.env.toObject(), ...(takeOver && { LB_TAKE_OVER: "true" }) };
    const path = configPath(Deno.args, env);
    const file = path === undefined ? undefined : await loadConfigFile(path);
    const given = path === undefined ? env : { ...env, LB_CONFIG: path };
    return { ...readSettings(given, file), env: given, file };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const lines = ["The balancer cannot start with these settings:", ...error.faults, ""];
    Deno.stderr.writeSync(new TextEncoder().encode(lines.join("\n")));
    Deno.exit(EXIT_CONFIG);
  }
}

/**
 * Without a configured sampler Deno samples everything. Clients' sampling decisions still count,
 * but Deno's automatic spans cannot be left out then.
 */
function traceSettings({ logger }: Log): TraceSettings {
  const heedsClient = (Deno.env.get("OTEL_TRACES_SAMPLER") ?? "") === "";
  if (heedsClient) {
    logger.warn(
      "OTEL_TRACES_SAMPLER is not set: calls of the engine are traced; with {better} they are not",
      {
        better: "parentbased_always_on",
      },
    );
  }
  return { heedsClient };
}

/** Signals of one kind within this time, in milliseconds, count as one: Ctrl-C arrives twice. */
const SAME_SIGNAL_MS = 1000;

function endOnSignal(running: Running, log: Log): void {
  let ending = false;
  const seen = new Map<Deno.Signal, number>();
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    Deno.addSignalListener(signal, () => {
      const now = performance.now();
      // A terminal sends the signal to the task runner, too, which passes it on.
      const repeated = now - (seen.get(signal) ?? -Infinity) < SAME_SIGNAL_MS;
      seen.set(signal, now);
      if (repeated) return;
      if (ending) Deno.exit(128 + (signal === "SIGINT" ? 2 : 15));
      ending = true;
      log.logger.info("{signal}: draining; a second signal ends at once", { signal });
      end(running, log);
    });
  }
}

/** Reads the configuration file again, as daemons do on SIGHUP. */
function reloadOnSignal({ settings }: Running, { logger }: Log): void {
  Deno.addSignalListener("SIGHUP", () => {
    settings.reload().catch((error) => {
      logger.error("SIGHUP: {error}", { error: errorMessage(error) });
    });
  });
}

/** Ends this balancer when another one takes over the replicas; running requests finish first. */
async function endWhenTakenOver(
  running: Running,
  log: Log,
): Promise<void> {
  const by = await running.takenOver;
  log.logger.warn("the fleet is taken over by {by}: draining", { by });
  await running.handOver();
  await end(running, log);
}

async function end(running: Running, log: Log): Promise<void> {
  const code = await endCode(running, running.settings.config.drain.shutdownMs, log);
  await log.flush();
  Deno.exit(code);
}

async function endCode(running: Running, timeoutMs: number, { logger }: Log): Promise<number> {
  try {
    await withDeadline(timeoutMs, running.end);
    logger.info("ended");
    return 0;
  } catch (error) {
    logger.fatal("could not end cleanly: {error}", { error: errorMessage(error) });
    return 1;
  }
}

function startError(error: unknown, { listen: { host, port } }: Config): string {
  if (error instanceof Deno.errors.AddrInUse) {
    return `LB_PORT: ${port} on ${host} is taken by another program; choose another port`;
  }
  return errorMessage(error);
}

if (import.meta.main) await main();
