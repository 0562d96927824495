/**
 * Starts the balancer in the background and waits until its replicas are ready.
 *
 * @module
 */
import { apiEntrance } from "./api_place.ts";
import { down } from "./down.ts";
import {
  chooseEngine,
  dockerSocket,
  type EngineChoice,
  inspectDocker,
} from "../docker/engine_choice.ts";
import { takeLock } from "./lock.ts";
import { fleetOfEnvironment, type FleetPlaces, placesOf } from "../fleet_places.ts";
import { printError } from "../print.ts";
import { ROOT } from "../project.ts";
import { findRunning, type Running } from "./running.ts";
import { placesInUse, readState, type State } from "./state.ts";
import { untilReady } from "./status.ts";
import { ToolError } from "../tool.ts";
import { requireOwnProject, startDocker } from "./docker.ts";
import type { Started, UpRequest } from "./request.ts";
import type { UpSettings } from "./options.ts";
import { startProcess } from "./process.ts";
import { swarmTrouble } from "../docker/swarm_project.ts";
import { type Balancers, startSwarm } from "./swarm.ts";
import { verbOf } from "./verb_of.ts";
import { type Place, welcome } from "./welcome.ts";

type Token = NonNullable<Place["token"]>;

const READY_WITHIN_MS = 120_000;

/** The balancer that `up` started or found. */
interface Up {
  /** URL of the service. */
  readonly service: string;
  /** Address of the page and the API: a URL, or `unix:/path`. */
  readonly api?: string;
  readonly fleet: string;
  readonly engine: "docker" | "process" | "swarm";
  /** Whether the balancer was already running. */
  readonly already: boolean;
  /** The file of the generated admin token, relative to the project's folder. */
  readonly tokenFile?: string;
  /** The summary for people, with commands to try. */
  readonly text: string;
}

/** The balancer's own default. */
const START_TIMEOUT_MS = 30_000;

/**
 * Starts a balancer, unless one is already running.
 *
 * @param options the options
 * @param progress called with each line about a step
 * @returns the balancer's addresses
 * @throws {ToolError} it did not become ready: everything that was started is stopped again
 */
export async function up(options: UpSettings, progress: (line: string) => void): Promise<Up> {
  const places = placesOf(fleetOfEnvironment());
  using _oneAtATime = await takeLock("up", places.folder);
  const docker = await findings(options);
  const inUse = await placesInUse(places.fleet);
  const running = await findRunning(inUse);
  if (running) return upAlready(running, places, await readState(inUse.stateFile));
  const choice = chooseEngine(options.engine, docker);
  if (choice.engine === "docker") await requireOwnProject(places, options.port);
  requireFreePort(options.port);
  const why = `engine: ${
    choice.engine === "process" ? "processes" : choice.engine
  } (${choice.why})`;
  progress(why);
  const request = requestOf(options, places, progress);
  await startAndWait(choice, request, options.balancers ?? "each");
  const token = await tokenOf(request);
  const publicApi = request.env("LB_PUBLIC_API") ?? "";
  const place = { service: request.service, api: request.url, fleet: places.fleet };
  return {
    ...place,
    already: false,
    engine: choice.engine,
    ...(token && { tokenFile: token.file }),
    text: welcome({ ...place, why, token, publicApi, path: tryPath(options.env) }),
  };
}

async function findings({ engine }: UpSettings): Promise<Parameters<typeof chooseEngine>[1]> {
  if (engine === "process") return {};
  const docker = await inspectDocker();
  if (engine !== "swarm" || docker.trouble !== undefined) return docker;
  return { ...docker, swarmTrouble: await swarmTrouble() };
}

/** A balancer that is already running; its API's address is known if this checkout saved it. */
function upAlready(running: Running, places: FleetPlaces, state: State | undefined): Up {
  const { url: service, engine } = running;
  return {
    service,
    ...(state && { api: state.url }),
    fleet: places.fleet,
    already: true,
    engine,
    ...(state?.tokenFile !== undefined && { tokenFile: state.tokenFile }),
    text: alreadyRunning(running, places),
  };
}

function alreadyRunning({ url, engine }: Running, { fleet }: FleetPlaces): string {
  return `already running: ${url} (engine ${engine}, fleet "${fleet}"). To end that one: ` +
    `${verbOf(fleet, "stop")}. To run another beside it: LB_FLEET=NAME make run PORT=PORT`;
}

/** The balancer to start, with its addresses. */
function requestOf(
  options: UpSettings,
  places: FleetPlaces,
  progress: UpRequest["progress"],
): UpRequest {
  const { env } = options;
  const service = urlOf(options.port, env("LB_HOST") ?? "");
  const { listen, url } = apiEntrance(env, service, isFree, freePort);
  const given = Boolean(env("LB_ADMIN_TOKEN") || env("LB_ADMIN_TOKEN_FILE"));
  return {
    ...options,
    service,
    url,
    listen,
    places,
    tokenFile: given || env("LB_ADMIN_OPEN") === "true" ? undefined : places.tokenFile,
    progress,
  };
}

/** After any error from here on, everything that was started is stopped. */
async function startAndWait(
  choice: EngineChoice,
  request: UpRequest,
  balancers: Balancers,
): Promise<void> {
  const interruption = onInterrupt();
  const started: { log?: Started["log"] } = {};
  try {
    await start(() => begin(choice, request, balancers), request, started, interruption);
    if (interruption()) throw new ToolError("interrupted when all was ready");
  } catch (error) {
    const log = interruption() ? "" : await started.log?.() ?? "";
    if (log) printError(`--- the balancer's log ends with ---\n${log}\n---`);
    await down(() => {}, request.places.fleet);
    if (interruption()) {
      throw new ToolError("interrupted: the started processes are stopped again", 130);
    }
    printError("everything that was started is stopped again");
    throw error;
  }
}

function begin(
  choice: EngineChoice,
  request: UpRequest,
  balancers: Balancers,
): Promise<Started> {
  if (choice.engine === "process") return startProcess(request);
  requirePublished(request.url);
  const socket = dockerSocket(Deno.env.get("DOCKER_HOST"));
  if (choice.engine === "swarm") return startSwarm(request, balancers, socket);
  return startDocker(request, choice.compose, socket);
}

async function start(
  begin: () => Promise<Started>,
  request: UpRequest,
  started: { log?: Started["log"] },
  interruption: () => string | undefined,
): Promise<void> {
  const { log, trouble, ready } = await begin();
  started.log = log;
  await untilReady({
    ...request,
    trouble: async () => interruption() ?? await trouble(),
    timeoutMs: READY_WITHIN_MS,
    startTimeoutMs: Number(request.env("LB_START_TIMEOUT_MS") || START_TIMEOUT_MS),
    token: async () => {
      await ready?.();
      return await readingToken(request);
    },
  });
  await ready?.();
}

/** A token for the status; undefined if none is known. */
async function readingToken(request: UpRequest): Promise<string | undefined> {
  const { env } = request;
  const file = env("LB_ADMIN_TOKEN_FILE");
  if (file) return (await Deno.readTextFile(file)).trim();
  return env("LB_ADMIN_TOKEN") || (await tokenOf(request))?.text;
}

/** The token that the balancer generated; undefined if it generated none. */
async function tokenOf({ tokenFile }: UpRequest): Promise<Token | undefined> {
  if (tokenFile === undefined) return undefined;
  try {
    const text = await Deno.readTextFile(new URL(tokenFile, ROOT));
    return { text: text.trim(), file: tokenFile };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** A signal ends the wait, not the running step: `down` could not find that step's results. */
function onInterrupt(): () => string | undefined {
  let interruption: string | undefined;
  const note = () => interruption = "interrupted";
  for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.addSignalListener(signal, note);
  return () => interruption;
}

/** A path that the replicas answer: only the built-in replica is known to have `/home`. */
function tryPath(env: UpSettings["env"]): string {
  const own = ["LB_REPLICA_COMMAND", "LB_REPLICA_IMAGE"].some((name) => env(name));
  return own ? "/" : "/home";
}

function urlOf(port: number, host: string): string {
  const reachable = ["", "0.0.0.0", "::"].includes(host) ? "127.0.0.1" : host;
  return `http://${reachable.includes(":") ? `[${reachable}]` : reachable}:${port}`;
}

function isFree(hostname: string, port: number): boolean {
  try {
    Deno.listen({ hostname, port }).close();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) return false;
    if (error instanceof Deno.errors.PermissionDenied) return false;
    throw error;
  }
}

function freePort(hostname: string): number {
  using listener = Deno.listen({ hostname, port: 0 });
  return listener.addr.port;
}

/** A socket file in a container is unreachable from outside. */
function requirePublished(url: string): void {
  if (!url.startsWith("unix:")) return;
  throw new ToolError(
    "LB_ADMIN_LISTEN: with containers it must be host:port, where the API is published; see " +
      "docs/guide/access.md",
  );
}

function requireFreePort(port: number): void {
  try {
    Deno.listen({ hostname: "127.0.0.1", port }).close();
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) {
      const other = port < 65535 ? port + 1 : 5000;
      throw new ToolError(`port ${port} is taken by another program; make run PORT=${other}`);
    }
    if (!(error instanceof Deno.errors.PermissionDenied)) throw error;
    throw new ToolError(`port ${port} may not be used by this user; take one from 1024 on`);
  }
}
