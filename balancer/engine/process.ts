/**
 * An engine whose instances are child processes on loopback ports or Unix sockets. The balancer
 * uses it if no container engine is available. No instance outlives the balancer. Each line that an
 * instance writes is a record of the log.
 *
 * Requires `--allow-run=sh` and `--allow-net` only.
 *
 * @module
 */
import { replicaEnv, socketEnv } from "../../replica/contract.ts";
import { errorMessage, type FailureLog } from "../failures.ts";
import type { User } from "../settings/values.ts";
import { isOutOfFiles } from "../out_of_files.ts";
import type { UpstreamAddress } from "../view.ts";
import { expandCommand } from "./command.ts";
import { settledWithin } from "./deadline.ts";
import { EndedOutputs } from "./ended_outputs.ts";
import type { Engine, EngineEvent, Instance, Launch, Remains, Template, Watch } from "./engine.ts";
import { EngineError } from "./engine.ts";
import { FreePorts } from "./free_ports.ts";
import { FreeSockets } from "./free_sockets.ts";
import { ProcessGroup, programExists } from "./process_group.ts";
import { ReplicaLog } from "./replica_log.ts";
import { Watchers } from "./watchers.ts";

/** Options of a {@linkcode ProcessEngine}. */
interface ProcessEngineOptions {
  /** Command line, see {@linkcode expandCommand}; this project's own replica by default. */
  readonly command?: string | undefined;
  /** Environment of each process besides its own name, host and port. */
  readonly env: Readonly<Record<string, string>>;
  /** Part of the balancer's environment that each process inherits. */
  readonly inherited: Readonly<Record<string, string>>;
  /** User of the processes; the balancer's own by default. */
  readonly user?: User | undefined;
  /** Loopback address that they listen on. */
  readonly host: string;
  /** Whether they speak TLS. */
  readonly tls?: boolean;
  /** Folder for Unix sockets, if they listen on those instead. */
  readonly sockets?: string | undefined;
  readonly failures: FailureLog;
}

interface Running {
  readonly instance: Instance;
  readonly group: ProcessGroup;
  readonly output: ReplicaLog;
}

const REPLICA = new URL("../../replica/main.ts", import.meta.url).href;

/** Runs each replica as a child process. */
export class ProcessEngine implements Engine {
  readonly kind = "process";
  readonly ownsInstances = true;
  readonly #options: ProcessEngineOptions;
  readonly #ports: FreePorts;
  readonly #sockets: FreeSockets | undefined;
  readonly #running = new Map<string, Running>();
  readonly #ended = new EndedOutputs();
  /** Programs that were found before. */
  readonly #found = new Set<string>();
  readonly #watchers = new Watchers();
  #closed = false;

  /** @throws {Error} the command line is invalid; the message is for its author */
  constructor(options: ProcessEngineOptions) {
    const { failures } = options;
    this.#options = options;
    this.#ports = new FreePorts(options.host);
    const { sockets } = options;
    this.#sockets = sockets === undefined ? undefined : new FreeSockets(sockets, failures);
    const address = this.#sockets?.take() ?? { hostname: options.host, port: 1 };
    this.#argv(this.#env("Server1", address), options.command);
  }

  /** Without images there is nothing to resolve. */
  pin(template: Template): Promise<Template> {
    return Promise.resolve(template);
  }

  async start(launch: Launch): Promise<Instance> {
    try {
      return await this.#startOn(this.#takeAddress(), launch);
    } catch (error) {
      throw startFailure(error);
    }
  }

  rename(id: string, name: string): Promise<void> {
    return Promise.try(() => {
      const running = this.#get(id);
      const instance = { ...running.instance, name, spare: false };
      running.output.name = name;
      this.#running.set(id, { ...running, instance });
    });
  }

  kill(id: string): Promise<void> {
    return Promise.try(() => this.#get(id).group.kill());
  }

  async readOutputTail(id: string): Promise<readonly string[]> {
    return await this.#ended.lines(id) ?? this.#running.get(id)?.group.output.lines ?? [];
  }

  async ending(id: string, withinMs: number): Promise<string | undefined> {
    const running = this.#running.get(id);
    if (running) await settledWithin(running.group.ended, withinMs);
    return this.#ended.reason(id);
  }

  async stop(id: string, graceMs: number): Promise<void> {
    await this.#running.get(id)?.group.end(graceMs);
  }

  list(): Promise<readonly Instance[]> {
    return Promise.resolve([...this.#running.values()].map(({ instance }) => instance));
  }

  /** Returns nothing: an ended process leaves nothing behind. */
  remains(): Promise<readonly Remains[]> {
    return Promise.resolve([]);
  }

  watch(listener: (event: EngineEvent) => void): Promise<Watch> {
    return Promise.resolve(this.#watchers.add(listener));
  }

  /** Kills the remaining processes, which cannot outlive the balancer. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#running.values()].map(({ group }) => group.end(0)));
    await this.#ended.close();
  }

  #takeAddress(): UpstreamAddress {
    const { host: hostname, tls } = this.#options;
    return this.#sockets?.take() ?? { hostname, port: this.#ports.take(), ...(tls && { tls }) };
  }

  async #giveBack(address: UpstreamAddress): Promise<void> {
    if ("path" in address) await this.#sockets?.giveBack(address);
    else this.#ports.giveBack(address.port);
  }

  async #startOn(address: UpstreamAddress, launch: Launch): Promise<Instance> {
    try {
      return await this.#launch(launch, address);
    } catch (error) {
      await this.#giveBack(address);
      throw error;
    }
  }

  #get(id: string): Running {
    const running = this.#running.get(id);
    if (!running) throw new EngineError("failed", `no process ${id} runs`);
    return running;
  }

  async #launch({ name, spare, template }: Launch, address: UpstreamAddress): Promise<Instance> {
    const env = this.#env(spare ? "" : name, address);
    const argv = this.#argvOf(template, env);
    await this.#find(argv, env);
    if (this.#closed) throw new EngineError("failed", `${name} not started: the engine is closed`);
    const { failures, user } = this.#options;
    const output = new ReplicaLog(name);
    const group = new ProcessGroup(argv, env, output, failures, user);
    const startedAt = Date.now();
    const instance = { id: `${group.pid}-${startedAt}`, name, spare, address, startedAt };
    this.#running.set(instance.id, { instance, group, output });
    this.#reportEnd(instance.id, group, argv);
    return instance;
  }

  /** Checks that a program exists. The result is kept, because a check costs a process. */
  async #find(argv: readonly string[], env: Record<string, string>): Promise<void> {
    const program = argv[0] ?? "";
    if (this.#found.has(program)) return;
    if (!await programExists(program, env)) throw commandMissing(program);
    this.#found.add(program);
  }

  async #reportEnd(id: string, group: ProcessGroup, [program]: readonly string[]): Promise<void> {
    const { reason, notFound } = await group.ended;
    const { name, address } = this.#get(id).instance;
    this.#running.delete(id);
    await this.#giveBack(address);
    if (notFound) this.#found.delete(program ?? "");
    const keeping = this.#ended.keep(id, group.output, reason);
    this.#watchers.report({ type: "exit", name, id, reason });
    await keeping;
  }

  #env(name: string, address: UpstreamAddress): Record<string, string> {
    const own = "path" in address
      ? socketEnv(name, address.path)
      : replicaEnv(name, address.hostname, address.port);
    return { ...this.#options.inherited, ...this.#options.env, ...own };
  }

  #argv(env: Record<string, string>, command: string | undefined): string[] {
    return command === undefined ? ownReplica(env) : expandCommand(command, env);
  }

  #argvOf({ image, command }: Template, env: Record<string, string>): string[] {
    if (image !== undefined) throw imageUnsupported(image);
    try {
      return this.#argv(env, command ?? this.#options.command);
    } catch (error) {
      throw new EngineError("command-missing", errorMessage(error), { cause: error });
    }
  }
}

/**
 * Returns the command of this project's replica, with permission for its own address and
 * environment only.
 */
function ownReplica(env: Record<string, string>): string[] {
  const { HOST, PORT, SOCKET } = env;
  const leave = SOCKET === undefined
    ? [`--allow-net=${HOST}:${PORT}`]
    : [`--allow-net=unix:${SOCKET}`, `--allow-read=${SOCKET}`, `--allow-write=${SOCKET}`];
  const environment = "--allow-env=HOST,PORT,SERVER_NAME,SOCKET";
  return [Deno.execPath(), "run", "--quiet", "--no-prompt", ...leave, environment, REPLICA];
}

function startFailure(error: unknown): EngineError {
  if (error instanceof EngineError) return error;
  const kind = isOutOfFiles(error) ? "out-of-files" : "failed";
  return new EngineError(kind, `cannot start a process: ${error}`, { cause: error });
}

function imageUnsupported(image: string): EngineError {
  return new EngineError(
    "unsupported",
    `the image "${image}" cannot be run: LB_ENGINE=process runs commands; LB_ENGINE=docker runs ` +
      `images`,
  );
}

function commandMissing(program: string): EngineError {
  return new EngineError(
    "command-missing",
    `the command "${program}" cannot be found; LB_REPLICA_COMMAND starts with a program in PATH ` +
      `or with the path of one`,
  );
}
