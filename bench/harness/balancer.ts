/**
 * The balancer as `deno task balancer` runs it, with settings of a bench's own.
 *
 * @module
 */
import { parseProcesses, type Process } from "../../tools/up/processes.ts";
import { balancerArgs } from "../../tools/up/balancer_command.ts";
import { lastLines, run } from "../../tools/command.ts";
import { FLEET_LABEL } from "../../tools/project.ts";
import { ToolError } from "../../tools/tool.ts";
import { containersWith } from "./docker.ts";
import { answers, freePort } from "./port.ts";
import { type Program, startProgram } from "./program.ts";

/** What runs the replicas. */
export type EngineName = "docker" | "process";

/** What is asked of a balancer. */
export interface BalancerWish {
  /** Name of its log. */
  readonly name: string;
  /** Tells its containers and processes from all others' on this machine. */
  readonly fleet: string;
  /** Folder of its log and its state. */
  readonly folder: string;
  readonly engine: EngineName;
  /** Its settings beside port, engine, fleet and state; asked for at its start. */
  readonly settings: () => Record<string, string>;
}

/** The record of a failure that the balancer keeps; times in milliseconds. */
export interface Incident {
  /** The instance that failed. */
  readonly instance: string;
  /** The first sign, ISO 8601. */
  readonly at: string;
  readonly signal: string;
  readonly spare: boolean;
  /** Milliseconds after the first sign; null for what has not happened. */
  readonly timings: Readonly<Record<string, number | null>>;
  /** What became of requests. */
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

/** The part of the status that the bench looks at. */
export interface Status {
  readonly digest: string;
  readonly desired: number;
  readonly ready: number;
  readonly replicas: readonly Member[];
  readonly spares: readonly Member[];
}

/** Milliseconds that the balancer gets to end and to remove its replicas. */
const GRACE_MS = 20_000;

/** A balancer that can be killed and started again with the same settings. */
export class BenchBalancer implements AsyncDisposable {
  readonly port = freePort();
  /** Value of the label on its containers, last argument of its processes. */
  readonly fleet: string;
  readonly engine: EngineName;
  readonly #wish: BalancerWish;
  #program: Program | undefined;

  /** @param wish what it is to be; nothing is started yet */
  constructor(wish: BalancerWish) {
    this.#wish = wish;
    this.engine = wish.engine;
    this.fleet = wish.fleet;
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
    const { folder } = this.#wish;
    const state = [`--allow-read=${folder}`, `--allow-write=${folder}`];
    const program = [Deno.execPath(), command, ...state, ...args];
    this.#program = startProgram({ args: program, env: this.#env() }, this.#log, GRACE_MS);
  }

  /** Kills it as `kill -9` does. */
  async kill(): Promise<void> {
    await this.#program?.kill();
  }

  /** `GET /_lb/status`; undefined when it does not answer. */
  async status(): Promise<Status | undefined> {
    const response = await this.#get("/_lb/status");
    return response?.ok ? await response.json() : undefined;
  }

  /** The incident of an instance; undefined when there is none. */
  async incident(instance: string): Promise<Incident | undefined> {
    const response = await this.#get("/_lb/incidents");
    const { incidents }: { incidents: readonly Incident[] } = await response?.json() ??
      { incidents: [] };
    return incidents.find((one) => one.instance === instance);
  }

  /**
   * Makes a call of the API.
   *
   * @param method `POST`, `DELETE` or another
   * @param path its path
   * @param body sent as JSON
   */
  async call(
    method: string,
    path: string,
    body: unknown,
  ): Promise<{ status: number; text: string }> {
    const response = await fetch(this.#url + path, { method, body: JSON.stringify(body) });
    return { status: response.status, text: await response.text() };
  }

  /** The stream of `GET /_lb/events`. */
  async events(signal: AbortSignal): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
    const response = await fetch(`${this.#url}/_lb/events`, { signal });
    if (response.ok && response.body) return response.body;
    throw new ToolError(`GET /_lb/events: ${response.status}`);
  }

  /** What runs, by name and state: containers by their label, processes by their argument. */
  async running(): Promise<readonly string[]> {
    if (this.engine === "docker") {
      const found = await containersWith(`${FLEET_LABEL}=${this.fleet}`);
      return found.map(({ name, state }) => `${name.slice(this.fleet.length + 1)} ${state}`);
    }
    const isService = ({ args }: Process) => args.startsWith(`${Deno.execPath()} `);
    const found = await this.#processes();
    return found.map((process) => `${isService(process) ? "process" : "guard"} ${process.pid}`);
  }

  /** Ends it in order. What it leaves behind is a fault of its own. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program?.[Symbol.asyncDispose]();
    await this.#forget();
    const left = this.engine === "docker" ? await this.running() : await this.#processes();
    if (left.length === 0) return;
    throw new ToolError(`the balancer ended and left ${JSON.stringify(left)}`);
  }

  /** Its replicas and their guards. */
  async #processes(): Promise<Process[]> {
    const { stdout } = await run("sh", ["-c", "ps -A -ww -o pid=,stat=,args="]);
    return parseProcesses(stdout).filter(({ args }) => args.endsWith(` ${this.fleet}`));
  }

  /** The file of the fleet's state is this run's alone. */
  async #forget(): Promise<void> {
    try {
      await Deno.remove(this.#state);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }

  get #state(): string {
    return `${this.#wish.folder}/${this.fleet}.json`;
  }

  get #url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get #log(): string {
    return `${this.#wish.folder}/${this.#wish.name}.log`;
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
      LB_FLEET: this.fleet,
      LB_STATE_FILE: this.#state,
      LB_LOG_FORMAT: "json",
      // One port for all calls, and no token that would outlive the run.
      LB_PUBLIC_API: "all",
      LB_ADMIN_OPEN: "true",
      // Each failure stands alone: the same replica is struck again within a minute.
      LB_HEALTHY_SPELL_MS: "1000",
      ...this.#wish.settings(),
    };
  }
}
