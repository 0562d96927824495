/**
 * The heartbeat as HTTP: a GET that has to answer 2xx or 3xx.
 *
 * @module
 */
import { NAME_FIELD } from "../../replica/contract.ts";
import { errorMessage } from "../failures.ts";
import { isOutOfFiles } from "../out_of_files.ts";
import { type Address, addressText, type UpstreamAddress } from "../view.ts";
import { type Miss, NotAskedError, type Probe } from "./probe.ts";

/**
 * A miss that took so many times its deadline says more about this thread, which had other things
 * to do or was not run, than about the instance.
 */
const LATE = 1.5;

/**
 * A probe that asks for a path.
 *
 * @param path path of the health page
 * @returns the probe; `close` gives back its HTTP client
 */
export function httpProbe(path: string): { readonly probe: Probe; close(): void } {
  // A heartbeat has to prove that new connections are accepted, so none is kept for the next.
  const client = Deno.createHttpClient({ poolMaxIdlePerHost: 0 });
  const ask: Probe = async (address, deadlineMs, signal, name) => {
    const deadline = AbortSignal.timeout(deadlineMs);
    try {
      using unixClient = clientFor(address);
      const response = await fetch(probeUrl(address, path), {
        client: unixClient ?? client,
        redirect: "manual",
        headers: name === undefined ? {} : { [NAME_FIELD]: name },
        signal: AbortSignal.any([signal, deadline]),
      });
      await response.body?.cancel();
      return response.status < 400 ? undefined : miss(`answered ${response.status}`);
    } catch (error) {
      if (deadline.aborted) return miss(`no answer within ${deadlineMs} ms`);
      return { reason: reasonOf(error), refused: await isRefused(address, deadlineMs) };
    }
  };
  const probe: Probe = async (address, deadlineMs, signal, name) => {
    const startedAt = performance.now();
    const missed = await ask(address, deadlineMs, signal, name);
    // The answer may have been there before this thread was: who was late is asked again.
    const late = performance.now() - startedAt > LATE * deadlineMs;
    return missed && late ? await ask(address, deadlineMs, signal, name) : missed;
  };
  return { probe, close: () => client.close() };
}

function miss(reason: string): Miss {
  return { reason, refused: false };
}

/** A client for one heartbeat over a Unix socket; undefined for TCP, which has one for all. */
function clientFor(address: UpstreamAddress): Deno.HttpClient | undefined {
  if (!("path" in address)) return undefined;
  return Deno.createHttpClient({ proxy: { transport: "unix", path: address.path } });
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
    return error instanceof Deno.errors.ConnectionRefused || error instanceof Deno.errors.NotFound;
  }
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

/** What `fetch` says is in the cause; the rest of its message repeats the address. */
function reasonOf(error: unknown): string {
  const message = errorMessage(error instanceof Error && error.cause ? error.cause : error);
  return message.split(": ").slice(-1)[0] ?? message;
}
