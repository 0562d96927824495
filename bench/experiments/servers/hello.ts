/**
 * A service that answers `GET /home` with its name, as the built-in replica does, after
 * a wait. Environment: HOST, PORT, SERVER_NAME.
 *
 * @module
 */

const name = Deno.env.get("SERVER_NAME") ?? "";

/**
 * Serves until SIGTERM.
 *
 * @param ready resolves when a request is to be answered
 */
export function serveHello(ready: () => Promise<void>): void {
  const server = Deno.serve({
    hostname: Deno.env.get("HOST") ?? "127.0.0.1",
    port: Number(Deno.env.get("PORT") ?? 5000),
    onListen: () => {},
  }, async (request) => {
    if (new URL(request.url).pathname !== "/home") return new Response();
    await ready();
    return Response.json({ message: `Hello from Server: ${name}` });
  });
  Deno.addSignalListener("SIGTERM", () => server.shutdown().then(() => Deno.exit(0)));
}
