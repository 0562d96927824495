/**
 * A balancer with many static upstreams, one worker and a probe of its main thread.
 *
 * @module
 */
import { lastLines } from "../../tools/command.ts";
import { ToolError } from "../../tools/tool.ts";
import { balancerArgs } from "../../tools/up/balancer_command.ts";
import { freePort, type Program, startProgram } from "../harness/program.ts";
import { upstreamHosts } from "./hosts.ts";

/** The parameters of a balancer. */
interface ManyOptions {
  readonly upstreams: number;
  /** The port of every upstream. */
  readonly upstreamPort: number;
  readonly slots: number;
  /** Folder of the log. */
  readonly folder: string;
}

const PROBE = new URL("loop_probe.ts", import.meta.url);

/** Until all upstreams are ready, at the most. */
const READY_WITHIN_MS = 60_000;

/** Between two looks at the status, in milliseconds: rarely enough to be no load. */
const LOOK_MS = 100;

/** A balancer that runs. */
export class ManyBalancer implements AsyncDisposable {
  readonly port = freePort();
  readonly #options: ManyOptions;
  readonly #probePort = freePort();
  #program: Program | undefined;

  constructor(options: ManyOptions) {
    this.#options = options;
  }

  /** Its process. */
  get pid(): number {
    return this.#program?.pid ?? 0;
  }

  /** Starts it. @returns milliseconds until every upstream is ready */
  async start(): Promise<number> {
    const [command = "run", ...args] = await balancerArgs();
    const preload = `--preload=${PROBE.href}?port=${this.#probePort}`;
    const log = `${this.#options.folder}/balancer.log`;
    await Deno.writeTextFile(log, "");
    const startedAt = performance.now();
    const program = [Deno.execPath(), command, preload, ...args];
    this.#program = startProgram({ args: program, env: this.#env() }, log);
    while (performance.now() - startedAt < READY_WITHIN_MS && !this.#program.ended()) {
      if (await this.#ready() === this.#options.upstreams) return performance.now() - startedAt;
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
    throw new ToolError(`not all are ready: ${lastLines(await Deno.readTextFile(log), 5)}`);
  }

  /** Calls the API and reads the answer to its end. */
  async call(path: string, init: RequestInit = {}): Promise<Response> {
    const response = await fetch(`http://127.0.0.1:${this.port}${path}`, init);
    const text = await response.text();
    if (!response.ok) throw new ToolError(`${path}: ${response.status} ${text.slice(0, 200)}`);
    return new Response(text);
  }

  /**
   * The longest block of the main thread while something is done, in milliseconds.
   *
   * @param work the work to measure
   */
  async longestBlock(work: () => Promise<void>): Promise<number> {
    using probe = await Deno.connect({ hostname: "127.0.0.1", port: this.#probePort });
    await probe.write(new Uint8Array(1));
    await work();
    await probe.closeWrite();
    const bytes = new Uint8Array(64);
    const count = await probe.read(bytes) ?? 0;
    return Number(new TextDecoder().decode(bytes.subarray(0, count)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program?.[Symbol.asyncDispose]();
  }

  async #ready(): Promise<number> {
    try {
      const response = await fetch(`http://127.0.0.1:${this.port}/_lb/status`);
      const status = await response.json();
      return response.ok ? status.ready : 0;
    } catch (error) {
      // Until it listens.
      if (error instanceof TypeError) return 0;
      throw error;
    }
  }

  #env(): Record<string, string> {
    const { upstreams, upstreamPort, slots } = this.#options;
    return {
      LB_ENGINE: "static",
      LB_HOST: "127.0.0.1",
      LB_PORT: String(this.port),
      LB_STATE_FILE: "",
      LB_UPSTREAMS: upstreamHosts(upstreams).map((host) => `${host}:${upstreamPort}`).join(","),
      LB_SLOTS: String(slots),
      LB_WORKERS: "1",
      LB_PUBLIC_API: "all",
      LB_ADMIN_OPEN: "true",
      LB_LOG_FORMAT: "json",
    };
  }
}
