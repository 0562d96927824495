/**
 * An engine whose instances are child processes on loopback ports: what the balancer uses where no
 * container engine is at hand. None of them outlives the balancer.
 *
 * Needs `--allow-run=sh` and `--allow-net`, nothing else.
 *
 * @module
 */
import { replicaEnv } from "../../replica/contract.ts";
import type { FailureLog } from "../failures.ts";
import { expandCommand } from "./command.ts";
import type { Engine, EngineEvent, Instance, Watch } from "./engine.ts";
import { EngineError } from "./engine.ts";
import { FreePorts } from "./free_ports.ts";
import { ProcessGroup, programExists } from "./process_group.ts";
import { Watchers } from "./watchers.ts";

/** What the processes are and how they run. */
export interface ProcessEngineOptions {
  /** Command line, see {@linkcode expandCommand}; without it this project's own replica. */
  readonly command?: string | undefined;
  /** What each process gets besides its own name, host and port. `LB_*` never reaches it. */
  readonly env: Readonly<Record<string, string>>;
  /** Loopback address that they listen on. */
  readonly host: string;
  readonly failures: FailureLog;
}

interface Running {
  readonly instance: Instance;
  readonly group: ProcessGroup;
}

const REPLICA = new URL("../../replica/main.ts", import.meta.url).href;

/** Runs each replica as a child process. */
export class ProcessEngine implements Engine {
  readonly kind = "process";
  readonly ownsInstances = true;
  readonly #options: ProcessEngineOptions;
  readonly #ports: FreePorts;
  readonly #running = new Map<string, Running>();
  readonly #watchers = new Watchers();
  #closed = false;

  /** @throws {Error} when the command line is none, with a message for whoever wrote it */
  constructor(options: ProcessEngineOptions) {
    this.#options = options;
    this.#ports = new FreePorts(options.host);
    this.#argv(this.#env("Server1", 1));
  }

  async start(name: string): Promise<Instance> {
    await this.#removeLeftovers(name);
    const port = this.#ports.take();
    try {
      return await this.#launch(name, port);
    } catch (error) {
      this.#ports.giveBack(port);
      throw error;
    }
  }

  async stop(id: string, graceMs: number): Promise<void> {
    await this.#running.get(id)?.group.end(graceMs);
  }

  list(): Promise<readonly Instance[]> {
    return Promise.resolve([...this.#running.values()].map(({ instance }) => instance));
  }

  watch(listener: (event: EngineEvent) => void): Promise<Watch> {
    return Promise.resolve(this.#watchers.add(listener));
  }

  /** Kills what still runs: it could not outlive this process anyway. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#running.values()].map(({ group }) => group.end(0)));
  }

  async #removeLeftovers(name: string): Promise<void> {
    const left = [...this.#running.values()].filter(({ instance }) => instance.name === name);
    await Promise.all(left.map(({ group }) => group.end(0)));
  }

  async #launch(name: string, port: number): Promise<Instance> {
    const env = this.#env(name, port);
    const argv = this.#argv(env);
    if (!await programExists(argv[0] ?? "", env)) throw commandMissing(argv);
    if (this.#closed) throw new EngineError("failed", `${name} not started: the engine is closed`);
    const group = this.#spawn(argv, env);
    const startedAt = Date.now();
    const address = { hostname: this.#options.host, port };
    const instance = { id: `${group.pid}-${startedAt}`, name, address, startedAt };
    this.#running.set(instance.id, { instance, group });
    this.#reportEnd(instance, group);
    return instance;
  }

  #spawn(argv: readonly string[], env: Record<string, string>): ProcessGroup {
    try {
      return new ProcessGroup(argv, env, this.#options.failures);
    } catch (error) {
      throw new EngineError("failed", `cannot start a process: ${error}`, { cause: error });
    }
  }

  async #reportEnd({ id, name, address }: Instance, group: ProcessGroup): Promise<void> {
    const reason = await group.ended;
    this.#running.delete(id);
    this.#ports.giveBack(address.port);
    this.#watchers.report({ type: "exit", name, id, reason });
  }

  #env(name: string, port: number): Record<string, string> {
    return { ...this.#options.env, ...replicaEnv(name, this.#options.host, port) };
  }

  #argv(env: Record<string, string>): string[] {
    const { command } = this.#options;
    return command === undefined ? ownReplica(env) : expandCommand(command, env);
  }
}

/** This project's replica, with leave for its own address and environment only. */
function ownReplica(env: Record<string, string>): string[] {
  const net = `--allow-net=${env["HOST"]}:${env["PORT"]}`;
  const environment = "--allow-env=HOST,PORT,SERVER_NAME";
  return [Deno.execPath(), "run", "--quiet", "--no-prompt", net, environment, REPLICA];
}

function commandMissing([program]: readonly string[]): EngineError {
  return new EngineError(
    "command-missing",
    `the command "${program}" cannot be found; LB_REPLICA_COMMAND starts with a program in PATH ` +
      `or with the path of one`,
  );
}
