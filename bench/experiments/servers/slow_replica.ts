/**
 * A service that takes a fixed time for each request, independent of the number of requests.
 *
 * Environment: HOST, PORT, SERVER_NAME, and SERVICE_MS, the time of an answer in milliseconds.
 *
 * @module
 */

const name = Deno.env.get("SERVER_NAME") ?? "";
const serviceMs = Number(Deno.env.get("SERVICE_MS"));

async function answer(request: Request): Promise<Response> {
  if (new URL(request.url).pathname !== "/home") return new Response();
  await new Promise((resolve) => setTimeout(resolve, serviceMs));
  return Response.json({ message: `Hello from Server: ${name}` });
}

const server = Deno.serve({
  hostname: Deno.env.get("HOST") ?? "127.0.0.1",
  port: Number(Deno.env.get("PORT") ?? 5000),
  onListen: () => {},
}, answer);
Deno.addSignalListener("SIGTERM", () => server.shutdown().then(() => Deno.exit(0)));
