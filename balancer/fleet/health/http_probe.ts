/**
 * The heartbeat as HTTP: a GET that has to answer 2xx or 3xx. Without a path the heartbeat is a
 * connection that has to be accepted.
 *
 * @module
 */
import { NAME_FIELD } from "../../../replica/contract.ts";
import { errorMessage } from "../../failures.ts";
import { isOutOfFiles } from "../../out_of_files.ts";
import { type Address, addressText, type UpstreamAddress } from "../../view.ts";
import { Lateness } from "./lateness.ts";
import { type Miss, NotAskedError, type Probe } from "./probe.ts";
import { excerpt } from "./excerpt.ts";

/** A miss during which this thread was late for this part of the deadline may be its own. */
const LATE_PART = 0.5;

/** What a heartbeat asks for. */
export interface HttpProbeOptions {
  /** Path of the health page; empty: only a connection is made. */
  readonly path: string;
  /** The `Host` field, where that is not to be the instance's address. */
  readonly host?: string;
  /** Further fields. */
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * A probe that asks for a path.
 *
 * @param options what it asks for
 * @returns the probe; `close` gives back its HTTP client
 */
export function httpProbe(
  { path, host, headers = {} }: HttpProbeOptions,
): { readonly probe: Probe; close(): void } {
  if (path === "") return { probe: fair(connectProbe), close: () => {} };
  // A heartbeat has to prove that new connections are accepted, so none is kept for the next.
  const client = Deno.createHttpClient({ poolMaxIdlePerHost: 0, allowHost: host !== undefined });
  const fields = host === undefined ? headers : { ...headers, Host: host };
  const ask: Probe = async (address, deadlineMs, signal, name) => {
    const deadline = AbortSignal.timeout(deadlineMs);
    try {
      using unixClient = clientFor(address, host !== undefined);
      const response = await fetch(probeUrl(address, path), {
        client: unixClient ?? client,
        redirect: "manual",
        headers: name === undefined ? fields : { ...fields, [NAME_FIELD]: name },
        signal: AbortSignal.any([signal, deadline]),
      });
      return await judge(response, path);
    } catch (error) {
      if (deadline.aborted) return overdue(`no answer within ${deadlineMs} ms`);
      return await failure(error, address, deadlineMs);
    }
  };
  const probe: Probe = fair(ask);
  return { probe, close: () => client.close() };
}

/**
 * A probe whose misses are not those of this thread. A miss for want of time is confirmed by a second
 * heartbeat where this thread was late.
 *
 * @throws {NotAskedError} it was late again, and the second heartbeat was missed, too
 */
function fair(ask: Probe): Probe {
  return async (address, deadlineMs, signal, name) => {
    for (let again = false;; again = true) {
      const lateness = new Lateness();
      const missed = await ask(address, deadlineMs, signal, name).finally(() => lateness.end());
      const lateMs = lateness.ms;
      if (!missed?.overdue || lateMs < LATE_PART * deadlineMs) return missed;
      if (again) {
        const times = `${Math.round(lateMs)} ms late with a heartbeat that had ${deadlineMs} ms`;
        throw new NotAskedError(`the balancer itself was ${times}`);
      }
    }
  };
}

/** Whether a connection is accepted. */
const connectProbe: Probe = async (address, deadlineMs, signal) => {
  const deadline = AbortSignal.timeout(deadlineMs);
  try {
    using _connection = await connect(address, AbortSignal.any([signal, deadline]));
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

async function judge(response: Response, path: string): Promise<Miss | undefined> {
  if (response.status < 400) {
    await response.body?.cancel();
    return undefined;
  }
  const text = await excerpt(response);
  return miss(`${response.status} from ${path}${text === "" ? "" : `: ${text}`}`);
}

function miss(reason: string): Miss {
  return { reason, refused: false };
}

/** A client for one heartbeat over a Unix socket; undefined for TCP, which has one for all. */
function clientFor(address: UpstreamAddress, allowHost: boolean): Deno.HttpClient | undefined {
  if (!("path" in address)) return undefined;
  return Deno.createHttpClient({ proxy: { transport: "unix", path: address.path }, allowHost });
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

/** @throws {NotAskedError} this process can open no connection at all */
async function failure(
  error: unknown,
  address: UpstreamAddress,
  deadlineMs: number,
): Promise<Miss> {
  if (await isRefused(address, deadlineMs)) return refused(address);
  return miss(`${reasonOf(error)} on ${placeOf(address)}`);
}

/**
 * `fetch` does not tell what happened to its connection; a bare one does.
 *
 * @throws {NotAskedError} this process can open no connection at all
 */
async function isRefused(address: UpstreamAddress, deadlineMs: number): Promise<boolean> {
  try {
    const signal = AbortSignal.timeout(deadlineMs);
    using _connection = await connect(address, signal);
    return false;
  } catch (error) {
    if (isOutOfFiles(error)) throw new NotAskedError(errorMessage(error), { cause: error });
    return isProof(error, address);
  }
}

/** No program listens on the port or the Unix socket; the socket's file may be missing. */
function isProof(error: unknown, address: UpstreamAddress): boolean {
  return error instanceof Deno.errors.ConnectionRefused ||
    ("path" in address && error instanceof Deno.errors.NotFound);
}

function connect(address: UpstreamAddress, signal: AbortSignal): Promise<Deno.Conn> {
  if ("path" in address) return Deno.connect({ transport: "unix", path: address.path });
  const { hostname, port }: Address = address;
  return Deno.connect({ hostname, port, signal });
}

/** Over a Unix socket there is no host; `localhost` is what other clients send there. */
function probeUrl(address: UpstreamAddress, path: string): string {
  return `http://${"path" in address ? "localhost" : addressText(address)}${path}`;
}

/** The cause has the reason; the rest of the message of `fetch` repeats the address. */
function reasonOf(error: unknown): string {
  const message = errorMessage(error instanceof Error && error.cause ? error.cause : error);
  return message.split(": ").slice(-1)[0] ?? message;
}
