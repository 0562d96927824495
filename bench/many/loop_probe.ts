/**
 * Runs in the balancer's main thread, before its own program: reports how long that thread was busy in
 * one go. Each connection to its port is one measurement, from the first byte that it sends to the
 * end of its side; the answer is the longest block in milliseconds.
 *
 * The port is the query of this module's address. Nothing is measured without a connection.
 *
 * @module
 */

/** Milliseconds between two looks at the clock. */
const TICK_MS = 1;

async function measure(connection: Deno.Conn): Promise<void> {
  using _connection = connection;
  const bytes = new Uint8Array(16);
  await connection.read(bytes);
  let longest = 0;
  let lookedAt = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    longest = Math.max(longest, now - lookedAt - TICK_MS);
    lookedAt = now;
  }, TICK_MS);
  await connection.read(bytes);
  clearInterval(timer);
  longest = Math.max(longest, performance.now() - lookedAt - TICK_MS);
  await connection.write(new TextEncoder().encode(longest.toFixed(3)));
}

async function accept(port: number): Promise<void> {
  const listener = Deno.listen({ hostname: "127.0.0.1", port });
  // The balancer's own program begins once nothing here keeps the event loop alive.
  listener.unref();
  for await (const connection of listener) measure(connection).catch(() => {});
}

accept(Number(new URL(import.meta.url).searchParams.get("port")));
