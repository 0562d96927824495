/**
 * The balancer as `deno task balancer` runs it, with settings of a bench's own.
 *
 * @module
 */
import { lastLines, run } from "../../tools/command.ts";
import { FLEET_LABEL } from "../../tools/project.ts";
import { ToolError } from "../../tools/tool.ts";
import { balancerArgs } from "../../tools/up/balancer_command.ts";
import { parseProcesses, type Process } from "../../tools/up/processes.ts";
import { eventually } from "./clock.ts";
import { containersWith, pidOfContainer } from "./docker.ts";
import { answers, freePort, type Program, startProgram } from "./program.ts";

/** How replicas run: as containers or as processes; `static`: they run elsewhere. */
export type EngineName = "docker" | "process" | "static";

/** A balancer to start. */
interface BalancerSpec {
  /** Name of its fleet, of its log and of its state file; no two balancers share one. */
  readonly fleet: string;
  /** Folder of its log and its state. */
  readonly folder: string;
  readonly engine: EngineName;
  /** Flags of Deno beside those of `deno task balancer`. */
  readonly flags?: readonly string[];
  /** Settings beside port, engine, fleet and state. */
  readonly settings: Readonly<Record<string, string>>;
}

/** The balancer's record of a failure; times in milliseconds. */
export interface Incident {
  /** The instance that failed. */
  readonly instance: string;
  /** The first sign, ISO 8601. */
  readonly at: string;
  readonly signal: string;
  readonly spare: boolean;
  /** Milliseconds after the first sign; null for a step that has not happened. */
  readonly timings: Readonly<Record<string, number | null>>;
  /** Counts of requests by their outcome. */
  readonly requests: Readonly<Record<string, number>>;
}

/** A replica or a spare in the status. */
interface Member {
  readonly name: string;
  readonly state: string;
  readonly instance: string | null;
  /** How often it has been replaced. */
  readonly restarts: number;
}

/** The part of the status that benches read. */
interface Status {
  readonly digest: string;
  readonly desired: number;
  readonly ready: number;
  readonly replicas: readonly Member[];
  readonly spares: readonly Member[];
}

/** Milliseconds that the balancer gets to end and to remove its replicas. */
const GRACE_MS = 20_000;
/** Milliseconds until all replicas are ready. */
const READY_MS = 60_000;

/** A balancer that can be killed and started again with the same settings. */
export class BenchBalancer implements AsyncDisposable {
  readonly port = freePort();
  readonly #spec: BalancerSpec;
  #program: Program | undefined;

  /** @param spec its settings; nothing is started yet */
  constructor(spec: BalancerSpec) {
    this.#spec = spec;
  }

  get engine(): EngineName {
    return this.#spec.engine;
  }

  /** Its process; 0 before it is started. */
  get pid(): number {
    return this.#program?.pid ?? 0;
  }

  /** Starts it; it answers when this resolves. */
  async start(): Promise<void> {
    await Deno.writeTextFile(this.#log, "");
    await this.launch();
    const ended = () => this.#program?.ended() ?? true;
    if (await answers(`${this.#url}/_lb/healthz`, ended)) return;
    const log = await Deno.readTextFile(this.#log);
    throw new ToolError(`the balancer does not answer: ${lastLines(log, 5)}`);
  }

  /** Starts it and waits for nothing. */
  async launch(): Promise<void> {
    const [command = "run", ...args] = await balancerArgs();
    const { folder, flags = [] } = this.#spec;
    const state = [`--allow-read=${folder}`, `--allow-write=${folder}`];
    const program = [Deno.execPath(), command, ...flags, ...state, ...args];
    this.#program = startProgram({ args: program, env: this.#env() }, this.#log, GRACE_MS);
  }

  /** Kills it as `kill -9` does. */
  async kill(): Promise<void> {
    await this.#program?.kill();
  }

  /** Waits until all replicas and spares are ready. */
  async untilWhole(signal: AbortSignal, spares = 0): Promise<void> {
    if (await eventually(() => this.isWhole(spares), READY_MS, signal)) return;
    throw new ToolError(`the fleet is not whole: ${JSON.stringify(await this.status())}`);
  }

  /** Whether as many replicas are ready as are desired, and as many spares as are expected. */
  async isWhole(spares = 0): Promise<boolean> {
    const status = await this.status();
    if (!status || status.desired === 0 || status.ready !== status.desired) return false;
    return status.spares.filter(({ state }) => state === "ready").length === spares;
  }

  /** `GET /_lb/status`; undefined when it does not answer. */
  async status(): Promise<Status | undefined> {
    const response = await this.#get("/_lb/status");
    return response?.ok ? await response.json() : undefined;
  }

  /** The instance of a replica: the id of a container, or number and start time of a process. */
  async instanceOf(name: string): Promise<string> {
    const status = await this.status();
    const instance = status?.replicas.find((replica) => replica.name === name)?.instance;
    if (instance) return instance;
    throw new ToolError(`${name} has no instance: ${JSON.stringify(status)}`);
  }

  /** The process of an instance, as this machine numbers it. */
  async pidOf(instance: string): Promise<number> {
    return this.engine === "docker" ? await pidOfContainer(instance) : parseInt(instance);
  }

  /** The incident of an instance; undefined when there is none. */
  async incident(instance: string): Promise<Incident | undefined> {
    const response = await this.#get("/_lb/incidents");
    const { incidents }: { incidents: readonly Incident[] } = await response?.json() ??
      { incidents: [] };
    return incidents.find((one) => one.instance === instance);
  }

  /** Calls the API, with a JSON body where one is given, and returns any answer. */
  async call(
    method: string,
    path: string,
    body?: unknown,
  ): Promise<{ status: number; text: string }> {
    const response = await fetch(this.#url + path, { method, body: JSON.stringify(body) });
    return { status: response.status, text: await response.text() };
  }

  /** Makes a call of the API. @throws {ToolError} the answer is no success */
  async request(method: string, path: string, body?: unknown): Promise<void> {
    const { status, text } = await this.call(method, path, body);
    if (status !== 200) throw new ToolError(`${method} ${path}: ${status} ${text.slice(0, 200)}`);
  }

  /** `POST /add`. */
  async add(hostnames: readonly string[], weights?: Record<string, number>): Promise<void> {
    const body = { n: hostnames.length, hostnames, ...weights && { weights } };
    await this.request("POST", "/add", body);
  }

  /** `DELETE /rm`. */
  async remove(hostnames: readonly string[]): Promise<void> {
    await this.request("DELETE", "/rm", { n: hostnames.length, hostnames });
  }

  /**
   * The stream of `GET /_lb/events`.
   *
   * @param signal ends it
   * @param query the query of the call, with its question mark
   */
  async events(
    signal: AbortSignal,
    query = "",
  ): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
    const response = await fetch(`${this.#url}/_lb/events${query}`, { signal });
    if (response.ok && response.body) return response.body;
    throw new ToolError(`GET /_lb/events: ${response.status}`);
  }

  /** Containers (by their label) or processes (by their argument) of the fleet, by name and state. */
  async running(): Promise<readonly string[]> {
    const { fleet } = this.#spec;
    if (this.engine === "static") return [];
    if (this.engine === "docker") {
      const found = await containersWith(`${FLEET_LABEL}=${fleet}`);
      return found.map(({ name, state }) => `${name.slice(fleet.length + 1)} ${state}`);
    }
    const isService = ({ args }: Process) => args.startsWith(`${Deno.execPath()} `);
    const { stdout } = await run("sh", ["-c", "ps -A -ww -o pid=,stat=,args="]);
    const found = parseProcesses(stdout).filter(({ args }) => args.endsWith(` ${fleet}`));
    return found.map((process) => `${isService(process) ? "process" : "guard"} ${process.pid}`);
  }

  /** Ends it in order. @throws {ToolError} it left containers or processes behind */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program?.[Symbol.asyncDispose]();
    await Deno.remove(this.#state).catch((error) => {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    });
    const left = await this.running();
    if (left.length === 0) return;
    throw new ToolError(`the balancer ended and left ${JSON.stringify(left)}`);
  }

  get #state(): string {
    return `${this.#spec.folder}/${this.#spec.fleet}.json`;
  }

  get #url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get #log(): string {
    return `${this.#spec.folder}/${this.#spec.fleet}.log`;
  }

  async #get(path: string): Promise<Response | undefined> {
    try {
      return await fetch(this.#url + path, { headers: { connection: "close" } });
    } catch (error) {
      if (error instanceof TypeError) return undefined;
      throw error;
    }
  }

  #env(): Record<string, string> {
    return {
      LB_ENGINE: this.engine,
      LB_HOST: "127.0.0.1",
      LB_PORT: String(this.port),
      LB_FLEET: this.#spec.fleet,
      LB_STATE_FILE: this.#state,
      LB_LOG_FORMAT: "json",
      // One port for all calls, and no token that would outlive the run.
      LB_PUBLIC_API: "all",
      LB_ADMIN_OPEN: "true",
      // Failures are independent although the same replica is struck again within a minute.
      LB_HEALTHY_SPELL_MS: "1000",
      ...this.#spec.settings,
    };
  }
}

/**
 * The settings for a service of the bench in the place of the built-in replica.
 *
 * @param file its file
 * @param fleet its last argument, by which {@linkcode BenchBalancer.running} finds the processes
 * @param env environment variables beside those of every replica
 */
export function serviceSettings(
  file: URL,
  fleet: string,
  env: Readonly<Record<string, string>>,
): Record<"LB_REPLICA_COMMAND" | "LB_REPLICA_ENV", string> {
  const names = ["HOST", "PORT", "SERVER_NAME", ...Object.keys(env)].join(",");
  const flags = `--quiet --no-prompt --no-lock --no-config --allow-net --allow-env=${names}`;
  return {
    LB_REPLICA_COMMAND: `${Deno.execPath()} run ${flags} ${file.pathname} ${fleet}`,
    LB_REPLICA_ENV: JSON.stringify(env),
  };
}
