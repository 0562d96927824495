/**
 * Serves until a signal, then drains.
 *
 * @module
 */

/** Where to serve: an address and a TCP port, or the path of a Unix socket. */
export type ServeAddress =
  | { readonly hostname: string; readonly port: number }
  | { readonly path: string };

/** Where and how to serve. */
type ServeOptions = ServeAddress & {
  /** Longest wait for running requests after the signal, in milliseconds. */
  readonly drainMs: number;
};

const SIGNALS: readonly Deno.Signal[] = ["SIGTERM", "SIGINT"];

/**
 * Serves until SIGTERM or SIGINT, then takes no more connections and finishes what runs.
 *
 * @param handler answers the requests
 * @param options address, and how long draining may take
 * @returns true when every request was finished, false when the deadline came first
 * @throws {Deno.errors.AddrInUse} and whatever else keeps it from listening
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

/** Resolves true when the work is done in time; false after `ms` milliseconds. */
async function withinDeadline(work: Promise<void>, ms: number): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<false>();
  const timer = setTimeout(() => resolve(false), ms);
  const done = await Promise.race([work.then(() => true), late]);
  clearTimeout(timer);
  return done;
}
