/**
 * Free ports, for programs that cannot choose one by themselves.
 *
 * @module
 */

/** A port that is free at this moment. */
export function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}
