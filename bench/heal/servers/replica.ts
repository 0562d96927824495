/**
 * The service behind every contestant: a page, an echo, a stream of events and a heartbeat. It
 * tells the bench's collector of every POST when it sees it and when it executes it, so that a
 * request that was sent twice shows.
 *
 * Environment: HOST, PORT, SERVER_NAME, and COLLECTOR, the collector's `host:port`.
 *
 * @module
 */

/** The time of a POST after its effect and before its answer, as of a commit to a disk. */
const WORK_MS = 20;
/** Milliseconds between two events. */
const EVENT_MS = 100;
/** Field of a heartbeat that gives a spare the name of the replica that it replaces. */
const NAME_FIELD = "x-server-name";

const instance = crypto.randomUUID().slice(0, 8);
let name = Deno.env.get("SERVER_NAME") ?? "";

const [hostname = "127.0.0.1", collectorPort] = (Deno.env.get("COLLECTOR") ?? "").split(":");
const collector = await Deno.connect({ hostname, port: Number(collectorPort) });
collector.setNoDelay(true);
let told: Promise<unknown> = Promise.resolve();

/** One line to the collector; it is the kernel's, and outlives a kill, when this resolves. */
function tell(what: "seen" | "done", id: string): Promise<unknown> {
  const line = new TextEncoder().encode(`${what} ${id} ${name} ${instance}\n`);
  told = told.then(() => collector.write(line));
  return told;
}

async function echo(request: Request): Promise<Response> {
  const id = request.headers.get("x-request-id") ?? "";
  await tell("seen", id);
  const body = await request.arrayBuffer();
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", body)).toHex();
  await tell("done", id);
  await new Promise((resolve) => setTimeout(resolve, WORK_MS));
  return Response.json({ id, bytes: body.byteLength, digest, name });
}

function events(count: number): Response {
  let sent = 0;
  let timer: ReturnType<typeof setInterval> | undefined;
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => {
      timer = setInterval(() => {
        const event = `data: ${JSON.stringify({ at: ++sent, name })}\n\n`;
        controller.enqueue(new TextEncoder().encode(event));
        if (sent < count) return;
        clearInterval(timer);
        controller.close();
      }, EVENT_MS);
    },
    cancel: () => clearInterval(timer),
  });
  return new Response(body, {
    headers: { "content-type": "text/event-stream", "x-server": name },
  });
}

function heartbeat({ headers }: Request): Response {
  name = headers.get(NAME_FIELD) ?? name;
  return new Response();
}

function answer(request: Request): Response | Promise<Response> {
  const { pathname, searchParams } = new URL(request.url);
  const call = `${request.method} ${pathname}`;
  if (call === "GET /home") return Response.json({ name, instance });
  if (call === "POST /echo") return echo(request);
  if (call === "GET /events") return events(Number(searchParams.get("n") ?? 1));
  if (call === "GET /heartbeat") return heartbeat(request);
  return new Response("", { status: 404 });
}

const server = Deno.serve({
  hostname: Deno.env.get("HOST") ?? "0.0.0.0",
  port: Number(Deno.env.get("PORT") ?? 5000),
  onListen: () => {},
}, answer);
Deno.addSignalListener("SIGTERM", () => server.shutdown().then(() => Deno.exit(0)));
