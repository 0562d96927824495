/**
 * A real balancer in a process of its own, for tests from outside.
 *
 * @module
 */
import { balancerArgs } from "../../tools/up/balancer_command.ts";

/** A replica as `GET /_lb/status` shows it. */
export interface Replica {
  readonly name: string;
  readonly state: string;
  readonly instance: string | null;
  readonly address: string | null;
  readonly machine: string | null;
  readonly image: { readonly reference: string; readonly id: string } | null;
  readonly restarts: number;
  readonly since: string;
  readonly nextStart: string | null;
  readonly start: { readonly attempt: number; readonly notReady: string | null } | null;
  readonly lastError: {
    readonly message: string;
    readonly exit?: string;
    readonly lastWords?: readonly string[];
  } | null;
}

/** The part of `GET /_lb/status` that tests look at. */
export interface Status {
  readonly version: number;
  readonly digest: string;
  readonly engine: string;
  readonly engineUp: boolean;
  readonly desired: number;
  readonly ready: number;
  readonly replicas: readonly Replica[];
  readonly spares: readonly Replica[];
  readonly quarantined: readonly { readonly key: string }[];
  readonly template: Readonly<Record<string, unknown>>;
  readonly failures: Readonly<Record<string, number>>;
  readonly certificates: readonly {
    readonly name: string;
    readonly fault: string | null;
    readonly fingerprint: string | null;
    readonly daysLeft: number | null;
  }[];
}

/** An answer with its JSON body. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

const ROOT = new URL("../../", import.meta.url);
/** Time between two looks at the status: each costs about a millisecond of CPU. */
const LOOK_MS = 20;
/** For a machine that has much else to do. */
const DEADLINE_MS = 180_000;

/** The log lines before the balancer listens. */
const OWN = /"the page and the API are at .*"ringkeeper\.at":"(https?:[^"]+)\/_lb\/"/;
const TLS = /"listening on https:.*"ringkeeper\.url":"https:[^"]+:(\d+)"/;
const TOKEN_FILE = /"the admin token is in .*"file\.path":"([^"]+)"/;

/** Tests kill the same replica again within seconds, and do not wait for a deploy to prove itself. */
const QUICK = {
  LB_PORT: "0",
  LB_LOG_FORMAT: "json",
  LB_MIN_READY_MS: "50",
  LB_HEALTHY_SPELL_MS: "1000",
};

/** A balancer that was started by a test. */
export class Balancer implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #output: Promise<string>;
  #url = "";
  #own = "";
  #tokenFile = "";
  #tlsPort = 0;

  private constructor(process: Deno.ChildProcess, output: Promise<string>) {
    this.#process = process;
    this.#output = output;
  }

  /**
   * Starts a balancer on a free port and waits until it listens.
   *
   * @param env its settings
   * @param openFiles how many files it may open; as many as this process, where it is not given
   * @param launcher a program and its arguments that run the balancer
   * @param host where it is reached, if not on this machine; ports are those that it listens on
   */
  static async start(
    env: Record<string, string>,
    openFiles?: number,
    launcher: readonly string[] = [],
    host = "127.0.0.1",
  ): Promise<Balancer> {
    const limit = openFiles === undefined ? "" : `ulimit -n ${openFiles}; `;
    const process = new Deno.Command("sh", {
      args: [
        "-c",
        `${limit}exec "$@"`,
        "sh",
        ...launcher,
        Deno.execPath(),
        ...await balancerArgs(),
      ],
      cwd: ROOT,
      env: { ...QUICK, ...env },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const port = Promise.withResolvers<number>();
    const found = { own: "", tokenFile: "", tlsPort: 0 };
    const output = collect(process, (line) => {
      found.tlsPort = Number(TLS.exec(line)?.[1] ?? found.tlsPort);
      // Programs of this machine use the API without TLS, too.
      found.own = OWN.exec(line)?.[1]?.replace("https:", "http:") ?? found.own;
      found.tokenFile = TOKEN_FILE.exec(line)?.[1] ?? found.tokenFile;
      notePort(line, port.resolve);
    });
    output.then((text) => port.reject(new Error(`the balancer ended:\n${text}`)));
    const balancer = new Balancer(process, output);
    balancer.#url = `http://${host}:${await port.promise}`;
    balancer.#own = found.own && Object.assign(new URL(found.own), { hostname: host }).origin;
    balancer.#tlsPort = found.tlsPort;
    balancer.#tokenFile = found.tokenFile;
    return balancer;
  }

  /** Starts a balancer and waits until all of its replicas are ready. */
  static async ready(
    env: Record<string, string>,
    openFiles?: number,
    launcher?: readonly string[],
    host?: string,
  ): Promise<Balancer> {
    const balancer = await Balancer.start(env, openFiles, launcher, host);
    try {
      await balancer.until((status) => status.desired > 0 && status.ready === status.desired);
      return balancer;
    } catch (error) {
      await balancer.end("SIGTERM");
      throw error;
    }
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** Where the service is, without a slash at the end. */
  get url(): string {
    return this.#url;
  }

  /** Where the page and the whole API are: a port of their own, or that of the service. */
  get own(): string {
    return this.#own || this.#url;
  }

  /** The port that speaks TLS; 0 where there is none. */
  get tlsPort(): number {
    return this.#tlsPort;
  }

  /** The file of the admin token that the balancer made; empty where it made none. */
  get tokenFile(): string {
    return this.#tokenFile;
  }

  /** The admin token that the balancer made, as a field of a request. */
  async bearer(): Promise<{ readonly authorization: string }> {
    const token = await Deno.readTextFile(new URL(this.#tokenFile, ROOT));
    return { authorization: `Bearer ${token.trim()}` };
  }

  /** Where a path is answered: calls that the public port need not carry at the API's own. */
  at(path: string): string {
    return /^\/_lb(\/|$)/.test(path) ? this.own + path : this.#url + path;
  }

  /** Sends a request to where its path is answered. */
  fetch(path: string, init?: RequestInit): Promise<Response> {
    return fetch(this.at(path), { redirect: "manual", ...init });
  }

  /** Sends a request and reads the JSON of its answer. */
  async call(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const text = typeof body === "string" ? body : JSON.stringify(body);
    const response = await this.fetch(path, {
      method,
      headers,
      ...(body === undefined ? {} : { body: text }),
    });
    return { status: response.status, body: await response.json() };
  }

  async status(): Promise<Status> {
    return (await this.call("GET", "/_lb/status")).body as Status;
  }

  async replica(name: string): Promise<Replica | undefined> {
    return (await this.status()).replicas.find((replica) => replica.name === name);
  }

  /** Asks for the status until the condition holds. */
  async until(wanted: (status: Status) => boolean): Promise<Status> {
    const deadline = Date.now() + DEADLINE_MS;
    for (;;) {
      const status = await this.status();
      if (wanted(status)) return status;
      if (Date.now() > deadline) {
        throw new Error(`not so after ${DEADLINE_MS} ms: ${JSON.stringify(status)}`);
      }
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }

  /** Sends it a signal that does not end it. */
  signal(signal: Deno.Signal): void {
    this.#process.kill(signal);
  }

  /** Ends it by a signal. @returns its exit code and its complete output */
  async end(signal: Deno.Signal): Promise<{ code: number; output: string }> {
    try {
      this.#process.kill(signal);
    } catch (error) {
      // The process has ended already, as its exit status shows.
      if (!(error instanceof TypeError || error instanceof Deno.errors.NotFound)) throw error;
    }
    const { code } = await this.#process.status;
    return { code, output: await this.#output };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end("SIGTERM");
  }
}

async function collect(
  process: Deno.ChildProcess,
  onLine: (line: string) => void,
): Promise<string> {
  const streams = [process.stdout, process.stderr].map(async (stream) => {
    let text = "";
    for await (const chunk of stream.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      for (const line of text.split("\n")) onLine(line);
    }
    return text;
  });
  return (await Promise.all(streams)).join("");
}

function notePort(line: string, found: (port: number) => void): void {
  const port = /"listening on .*"server\.port":(\d+)/.exec(line)?.[1];
  if (port !== undefined) found(Number(port));
}

/** Whether a process is there. */
export async function processExists(pid: number): Promise<boolean> {
  const { success } = await new Deno.Command("kill", { args: ["-0", String(pid)], stderr: "null" })
    .output();
  return success;
}

/** Memory that a process has resident, in bytes. */
export async function residentBytes(pid: number): Promise<number> {
  const args = ["-o", "rss=", "-p", String(pid)];
  const { stdout } = await new Deno.Command("ps", { args }).output();
  return 1024 * Number(new TextDecoder().decode(stdout));
}

/** Sends a signal to any process. */
export async function signal(pid: number, name: "KILL" | "STOP" | "CONT"): Promise<void> {
  await new Deno.Command("kill", { args: [`-${name}`, String(pid)] }).output();
}

/** The process of a replica that the process engine started. */
export function pidOf(replica: Replica | undefined): number {
  return Number(replica?.instance?.split("-", 1)[0]);
}
