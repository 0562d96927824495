/**
 * A service whose answers wait until the bench's gate opens. It reports their number to the gate.
 *
 * Environment: HOST, PORT, SERVER_NAME, and GATE, the gate's `host:port`.
 *
 * @module
 */

/** Milliseconds between two lines to the gate at the least. */
const TELL_MS = 20;

const name = Deno.env.get("SERVER_NAME") ?? "";
const [hostname = "127.0.0.1", gatePort] = (Deno.env.get("GATE") ?? "").split(":");
const gate = await Deno.connect({ hostname, port: Number(gatePort) });
const opened = Promise.withResolvers<void>();
gate.read(new Uint8Array(1)).then(() => opened.resolve());

let waiting = 0;
let told = 0;
setInterval(async () => {
  if (waiting === told) return;
  told = waiting;
  await gate.write(new TextEncoder().encode(`${told}\n`));
}, TELL_MS);

async function answer(request: Request): Promise<Response> {
  if (new URL(request.url).pathname !== "/home") return new Response();
  waiting++;
  await opened.promise;
  waiting--;
  return Response.json({ message: `Hello from Server: ${name}` });
}

const server = Deno.serve({
  hostname: Deno.env.get("HOST") ?? "127.0.0.1",
  port: Number(Deno.env.get("PORT") ?? 5000),
  onListen: () => {},
}, answer);
Deno.addSignalListener("SIGTERM", () => server.shutdown().then(() => Deno.exit(0)));
