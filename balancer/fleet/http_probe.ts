/**
 * The heartbeat as HTTP: a GET that has to answer 2xx or 3xx. Without a path the heartbeat is a
 * connection that has to be accepted.
 *
 * @module
 */
import { NAME_FIELD } from "../../replica/contract.ts";
import { errorMessage } from "../failures.ts";
import { isOutOfFiles } from "../out_of_files.ts";
import type { Address } from "../view.ts";
import { type Miss, NotAskedError, type Probe } from "./probe.ts";
import { excerpt } from "./excerpt.ts";

/**
 * A miss that took this many times its deadline says more about this thread, which had other things
 * to do or was not run, than about the instance.
 */
const LATE = 1.5;

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
  if (path === "") return { probe: connectProbe, close: () => {} };
  // A heartbeat has to prove that new connections are accepted, so none is kept for the next.
  const client = Deno.createHttpClient({ poolMaxIdlePerHost: 0, allowHost: host !== undefined });
  const fields = host === undefined ? headers : { ...headers, Host: host };
  const ask: Probe = async (address, deadlineMs, signal, name) => {
    const deadline = AbortSignal.timeout(deadlineMs);
    try {
      const response = await fetch(probeUrl(address, path), {
        client,
        redirect: "manual",
        headers: name === undefined ? fields : { ...fields, [NAME_FIELD]: name },
        signal: AbortSignal.any([signal, deadline]),
      });
      return await judge(response, path);
    } catch (error) {
      if (deadline.aborted) return miss(`no answer within ${deadlineMs} ms`);
      return await failure(error, address, deadlineMs);
    }
  };
  const probe: Probe = async (address, deadlineMs, signal, name) => {
    const startedAt = performance.now();
    const missed = await ask(address, deadlineMs, signal, name);
    // This thread was late, so the miss may be its own: the probe is sent once more.
    const late = performance.now() - startedAt > LATE * deadlineMs;
    return missed && late ? await ask(address, deadlineMs, signal, name) : missed;
  };
  return { probe, close: () => client.close() };
}

/** Whether a connection is accepted. */
const connectProbe: Probe = async ({ hostname, port }, deadlineMs, signal) => {
  const deadline = AbortSignal.timeout(deadlineMs);
  try {
    using _connection = await Deno.connect({
      hostname,
      port,
      signal: AbortSignal.any([signal, deadline]),
    });
    return undefined;
  } catch (error) {
    if (isOutOfFiles(error)) throw new NotAskedError(errorMessage(error), { cause: error });
    if (deadline.aborted) return miss(`no connection to port ${port} within ${deadlineMs} ms`);
    if (error instanceof Deno.errors.ConnectionRefused) return refused(port);
    return miss(`no connection to port ${port}: ${reasonOf(error)}`);
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

function refused(port: number): Miss {
  return { reason: `connection refused on port ${port}`, refused: true };
}

/** @throws {NotAskedError} this process can open no connection at all */
async function failure(error: unknown, address: Address, deadlineMs: number): Promise<Miss> {
  if (await isRefused(address, deadlineMs)) return refused(address.port);
  return miss(`${reasonOf(error)} on port ${address.port}`);
}

/**
 * `fetch` does not tell what happened to its connection; a bare one does.
 *
 * @throws {NotAskedError} this process can open no connection at all
 */
async function isRefused({ hostname, port }: Address, deadlineMs: number): Promise<boolean> {
  try {
    const signal = AbortSignal.timeout(deadlineMs);
    using _connection = await Deno.connect({ hostname, port, signal });
    return false;
  } catch (error) {
    if (isOutOfFiles(error)) throw new NotAskedError(errorMessage(error), { cause: error });
    return error instanceof Deno.errors.ConnectionRefused;
  }
}

function probeUrl({ hostname, port }: Address, path: string): string {
  const host = hostname.includes(":") ? `[${hostname}]` : hostname;
  return `http://${host}:${port}${path}`;
}

/** The cause has the reason; the rest of the message of `fetch` repeats the address. */
function reasonOf(error: unknown): string {
  const message = errorMessage(error instanceof Error && error.cause ? error.cause : error);
  return message.split(": ").slice(-1)[0] ?? message;
}
