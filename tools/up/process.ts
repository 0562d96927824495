/**
 * Starts a balancer in the background, with processes as replicas.
 *
 * @module
 */
import { balancerArgs } from "./balancer_command.ts";
import { lastLines } from "../command.ts";
import { cacheDependencies } from "../build/dependencies.ts";
import { ROOT } from "../project.ts";
import { makeFleetFolder, writeState } from "./state.ts";
import { LOG_LINES, type Started, stateOf, type UpRequest } from "./request.ts";

/**
 * The shell only opens the log; exec replaces it by Deno under the same pid. The log is text by
 * default, because `make logs` shows it to people. OpenTelemetry's variables have the same defaults
 * as in compose.yaml.
 */
const IN_BACKGROUND = `
log=$1
shift
export LB_LOG_FORMAT="\${LB_LOG_FORMAT:-text}"
export OTEL_SERVICE_NAME="\${OTEL_SERVICE_NAME:-ringkeeper}"
export OTEL_TRACES_SAMPLER="\${OTEL_TRACES_SAMPLER:-parentbased_always_on}"
export OTEL_DENO_METRICS="\${OTEL_DENO_METRICS:-false}"
export OTEL_DENO_CONSOLE="\${OTEL_DENO_CONSOLE:-ignore}"
exec "$@" >"$log" 2>&1
`;

/**
 * Starts the balancer, detached from the terminal.
 *
 * @param request the balancer to start
 */
export async function startProcess(request: UpRequest): Promise<Started> {
  await cacheDependencies();
  const runId = crypto.randomUUID();
  const args = readable(await balancerArgs(), request.config);
  // Written before the process starts, so that a `down` after a crash in between finds the process.
  await makeFleetFolder(request.places);
  await writeState({ engine: "process", ...stateOf(request), runId }, request.places.stateFile);
  const child = spawn(request, [...args, `--run-id=${runId}`]);
  child.unref();
  return { log: () => endOfLog(request.places.logFile), trouble: watchExit(child) };
}

function spawn(request: UpRequest, args: readonly string[]): Deno.ChildProcess {
  const env = {
    LB_ENGINE: "process",
    LB_PORT: String(request.port),
    LB_REPLICAS: String(request.replicas),
    LB_TAKE_OVER: String(request.takeOver),
    LB_FLEET: request.places.fleet,
    LB_STATE_FILE: request.places.fleetFile,
    LB_ADMIN_LISTEN: request.listen,
    ...(request.config !== undefined && { LB_CONFIG: request.config }),
  };
  return new Deno.Command("sh", {
    args: ["-c", IN_BACKGROUND, "sh", request.places.logFile.pathname, Deno.execPath(), ...args],
    cwd: ROOT,
    env,
    detached: true,
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
}

/** Lets the balancer read its configuration file, and nothing else beside it. */
function readable(args: readonly string[], config: string | undefined): string[] {
  if (config === undefined) return [...args];
  return args.map((arg) => arg.startsWith("--allow-read=") ? `${arg},${config}` : arg);
}

function watchExit(child: Deno.ChildProcess): Started["trouble"] {
  let trouble: string | undefined;
  void child.status.then(({ code, signal }) => {
    trouble = `the balancer ended with ${signal ?? `exit code ${code}`}`;
  });
  return () => Promise.resolve(trouble);
}

async function endOfLog(file: URL): Promise<string> {
  return lastLines(await Deno.readTextFile(file), LOG_LINES);
}
