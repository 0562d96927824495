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
 * @param port its port
 * @param gaveUp true when there is nothing to wait for any more
 * @returns whether it does within ten seconds
 */
export async function answers(port: number, gaveUp: () => boolean): Promise<boolean> {
  for (const deadline = Date.now() + 10_000; Date.now() < deadline && !gaveUp();) {
    if (await answersNow(port)) return true;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  return false;
}

async function answersNow(port: number): Promise<boolean> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/small/0`, {
      headers: { connection: "close" },
      signal: AbortSignal.timeout(1000),
    });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}
