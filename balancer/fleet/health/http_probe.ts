/**
 * The HTTP heartbeat: a GET that has to be answered with 2xx or 3xx. Without a path the heartbeat
 * is a connection that has to be accepted.
 *
 * @module
 */
import { errorMessage } from "../../failures.ts";
import { isOutOfFiles } from "../../out_of_files.ts";
import type { Address, UpstreamAddress } from "../../view.ts";
import { excerpt, EXCERPT_BYTES, isText } from "./excerpt.ts";
import { Lateness } from "./lateness.ts";
import { type Miss, NotAskedError, type Probe } from "./probe.ts";
import {
  ConnectionEnded,
  type KeptConnection,
  MalformedAnswer,
  type ProbeAnswer,
  ProbeConnection,
} from "./probe_connection.ts";
import {
  type HttpProbeOptions,
  probeRequest,
  type ProbeStream,
  type Secure,
} from "./probe_request.ts";

/**
 * If this thread was late by this part of the deadline during a miss, the miss may be its own
 * fault.
 */
const LATE_PART = 0.5;

/**
 * Heartbeats over one kept connection. The next one opens a new connection, which proves that the
 * instance still accepts connections: once a minute with a heartbeat every three seconds.
 */
const MAX_USES = 20;

/**
 * Creates a probe that requests a path. A kept connection is used again. If that connection has
 * ended meanwhile, which is no evidence against the instance, the heartbeat is sent once more over
 * a new one.
 *
 * @param options options of the request
 */
export function httpProbe(options: HttpProbeOptions): Probe {
  const { path, secure } = options;
  if (path === "") return fair(connectProbe(secure));
  return fair(async (address, deadlineMs, signal, name, keep) => {
    using heartbeat = new Heartbeat(deadlineMs, signal, secure);
    try {
      const kept = await heartbeat.askKept(keep);
      if (kept) return await judge(kept, path);
      const connection = await heartbeat.connect(address, probeRequest(options, address, name));
      keep?.set(connection);
      return await judge(await heartbeat.ask(connection), path, keep === undefined);
    } catch (error) {
      keep?.drop();
      if (heartbeat.overdue) return overdue(`no answer within ${deadlineMs} ms`);
      return await failure(error, address, deadlineMs);
    }
  });
}

/** An answer and its connection. */
interface Answered {
  readonly connection: ProbeConnection;
  readonly answer: ProbeAnswer;
}

/** One heartbeat with its deadline, which closes its connections. */
class Heartbeat implements Disposable {
  /** True if the deadline passed before the answer. */
  overdue = false;
  readonly #signal: AbortSignal;
  readonly #timer: ReturnType<typeof setTimeout>;
  #connecting: AbortController | undefined;
  #connection: ProbeConnection | undefined;
  readonly #secure: Secure | undefined;

  constructor(deadlineMs: number, signal: AbortSignal, secure: Secure | undefined) {
    this.#signal = signal;
    this.#secure = secure;
    this.#timer = setTimeout(() => {
      this.overdue = true;
      this.#end();
    }, deadlineMs);
  }

  /** Asks over the kept connection; undefined if there is none, or it ended. */
  async askKept(keep: KeptConnection | undefined): Promise<Answered | undefined> {
    const connection = keep?.usable;
    try {
      if (connection && connection.uses < MAX_USES) return await this.ask(connection);
    } catch (error) {
      const ended = error instanceof ConnectionEnded && !this.overdue && !this.#signal.aborted;
      if (!ended) throw error;
    }
    keep?.drop();
    return undefined;
  }

  /** A kept connection is closed by its owner; others end with the signal. */
  async connect(
    address: UpstreamAddress,
    request: Uint8Array<ArrayBuffer>,
  ): Promise<ProbeConnection> {
    this.#signal.addEventListener("abort", this.#end);
    this.#connecting = new AbortController();
    const stream = await connect(address, this.#connecting.signal, this.#secure);
    const connection = new ProbeConnection(stream, request);
    if (!this.overdue && !this.#signal.aborted) return connection;
    connection.close();
    throw new ConnectionEnded("the heartbeat is over");
  }

  async ask(connection: ProbeConnection): Promise<Answered> {
    this.#connection = connection;
    return { connection, answer: await connection.ask() };
  }

  readonly #end = (): void => {
    this.#connecting?.abort();
    this.#connection?.close();
  };

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#signal.removeEventListener("abort", this.#end);
  }
}

/**
 * Wraps a probe so that its misses are not those of this thread: if this thread was late, a timeout
 * is confirmed by a second heartbeat.
 *
 * @throws {NotAskedError} this thread was late again, and the second heartbeat failed, too
 */
function fair(ask: Probe): Probe {
  return async (address, deadlineMs, signal, name, keep) => {
    for (let again = false;; again = true) {
      const lateness = new Lateness();
      const missed = await ask(address, deadlineMs, signal, name, keep).finally(() =>
        lateness.end()
      );
      const lateMs = lateness.ms;
      if (!missed?.overdue || lateMs < LATE_PART * deadlineMs) return missed;
      if (again) {
        const times = `${Math.round(lateMs)} ms late with a heartbeat that had ${deadlineMs} ms`;
        throw new NotAskedError(`the balancer itself was ${times}`);
      }
    }
  };
}

/** Passes if a connection is accepted, and its handshake of TLS succeeds where there is one. */
function connectProbe(secure: Secure | undefined): Probe {
  return async (address, deadlineMs, signal) => {
    const deadline = AbortSignal.timeout(deadlineMs);
    try {
      (await connect(address, AbortSignal.any([signal, deadline]), secure)).close();
      return undefined;
    } catch (error) {
      if (isOutOfFiles(error)) throw new NotAskedError(errorMessage(error), { cause: error });
      if (deadline.aborted) {
        return overdue(`no connection to ${placeOf(address)} within ${deadlineMs} ms`);
      }
      if (isProof(error, address)) return refused(address);
      return miss(`no connection to ${placeOf(address)}: ${reasonOf(error)}`);
    }
  };
}

/** Decides by the status. @param once the connection is not used again */
async function judge(
  { connection, answer }: Answered,
  path: string,
  once = false,
): Promise<Miss | undefined> {
  const { status, contentType } = answer;
  if (status < 400 && status !== 101) {
    if (once) connection.close();
    else connection.rest();
    return undefined;
  }
  const text = isText(contentType) ? excerpt(await connection.bodyStart(EXCERPT_BYTES)) : "";
  connection.close();
  return miss(`${status} from ${path}${text === "" ? "" : `: ${text}`}`);
}

function miss(reason: string): Miss {
  return { reason, refused: false };
}

function overdue(reason: string): Miss {
  return { ...miss(reason), overdue: true };
}

function refused(address: UpstreamAddress): Miss {
  return { reason: `connection refused on ${placeOf(address)}`, refused: true };
}

function placeOf(address: UpstreamAddress): string {
  return "path" in address ? address.path : `port ${address.port}`;
}

/** Describes an error. @throws {NotAskedError} this process cannot open any connection */
async function failure(
  error: unknown,
  address: UpstreamAddress,
  deadlineMs: number,
): Promise<Miss> {
  if (isOutOfFiles(error)) throw new NotAskedError(errorMessage(error), { cause: error });
  if (error instanceof MalformedAnswer) {
    return miss(`malformed answer on ${placeOf(address)}: ${error.message}`);
  }
  const isGone = error instanceof ConnectionEnded
    ? await isRefused(address, deadlineMs)
    : isProof(error, address);
  if (isGone) return refused(address);
  return miss(`${reasonOf(error)} on ${placeOf(address)}`);
}

/**
 * Reports whether an instance that ended a connection refuses a new one, because it died.
 *
 * @throws {NotAskedError} this process cannot open any connection
 */
async function isRefused(address: UpstreamAddress, deadlineMs: number): Promise<boolean> {
  try {
    using _connection = await connectPlain(address, AbortSignal.timeout(deadlineMs));
    return false;
  } catch (error) {
    if (isOutOfFiles(error)) throw new NotAskedError(errorMessage(error), { cause: error });
    return isProof(error, address);
  }
}

/**
 * Reports whether no program listens on the port or Unix socket; the socket file may be missing.
 */
function isProof(error: unknown, address: UpstreamAddress): boolean {
  return error instanceof Deno.errors.ConnectionRefused ||
    ("path" in address && error instanceof Deno.errors.NotFound);
}

async function connect(
  address: UpstreamAddress,
  signal: AbortSignal,
  secure: Secure | undefined,
): Promise<ProbeStream> {
  const connection = await connectPlain(address, signal);
  if ("path" in address || !address.tls) return connection;
  if (secure) return await secure(connection as Deno.TcpConn, address.hostname, signal);
  connection.close();
  throw new Error("TLS is not set up here");
}

/** Connects without TLS, which shows whether a program listens. */
function connectPlain(address: UpstreamAddress, signal: AbortSignal): Promise<Deno.Conn> {
  if ("path" in address) return Deno.connect({ transport: "unix", path: address.path });
  const { hostname, port }: Address = address;
  return Deno.connect({ hostname, port, signal });
}

/** Returns the system's reason, which is in the cause. */
function reasonOf(error: unknown): string {
  return errorMessage(error instanceof Error && error.cause ? error.cause : error);
}
