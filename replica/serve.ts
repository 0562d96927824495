/**
 * Serves until a signal, then drains.
 *
 * @module
 */

/** The listen address: an address and a TCP port, or the path of a Unix socket. */
export type ServeAddress =
  | { readonly hostname: string; readonly port: number }
  | { readonly path: string };

/** Options of the server. */
type ServeOptions = ServeAddress & {
  /** Longest wait for running requests after the signal, in milliseconds. */
  readonly drainMs: number;
};

const SIGNALS: readonly Deno.Signal[] = ["SIGTERM", "SIGINT"];

/**
 * Serves until SIGTERM or SIGINT, then accepts no more connections and finishes running requests.
 *
 * @param handler answers the requests
 * @param options the address and the drain deadline
 * @returns true if every request was finished, false if the deadline came first
 * @throws {Deno.errors.AddrInUse} or any other error of listening
 */
export async function serveUntilSignal(
  handler: (request: Request) => Response | Promise<Response>,
  { drainMs, ...address }: ServeOptions,
): Promise<boolean> {
  const onListen = () => {};
  const server = "path" in address
    ? Deno.serve({ path: address.path, onListen }, handler)
    : Deno.serve({ ...address, onListen }, handler);
  await nextSignal();
  return await withinDeadline(server.shutdown(), drainMs);
}

function nextSignal(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  for (const signal of SIGNALS) Deno.addSignalListener(signal, resolve);
  return promise;
}

/** Resolves to true if the work is done in time; to false after `ms` milliseconds. */
async function withinDeadline(work: Promise<void>, ms: number): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<false>();
  const timer = setTimeout(() => resolve(false), ms);
  const done = await Promise.race([work.then(() => true), late]);
  clearTimeout(timer);
  return done;
}
