/**
 * TCP ports on the loopback address.
 *
 * @module
 */

/** How often to look whether a server answers. */
const LOOK_MS = 50;

/** A port that nobody listens on. */
export function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/**
 * Waits until a server answers a request with success.
 *
 * @param url what to ask it for
 * @param gaveUp true when there is nothing to wait for any more
 * @returns whether it does within ten seconds
 */
export async function answers(url: string, gaveUp: () => boolean): Promise<boolean> {
  for (const deadline = performance.now() + 10_000; performance.now() < deadline && !gaveUp();) {
    if (await answersNow(url)) return true;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  return false;
}

async function answersNow(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, {
      headers: { connection: "close" },
      signal: AbortSignal.timeout(1000),
    });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}
