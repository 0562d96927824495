import { assertEquals, assertMatch } from "@std/assert";
import { NAME_FIELD } from "../../replica/contract.ts";
import { httpProbe } from "./http_probe.ts";

const never = new AbortController().signal;

async function verdict(
  handler: (request: Request) => Response | Promise<Response>,
  deadline = 2000,
) {
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, handler);
  const { probe, close } = httpProbe({ path: "/well?x=1" });
  try {
    return await probe(
      { hostname: "127.0.0.1", port: server.addr.port },
      deadline,
      never,
      "Server1",
    );
  } finally {
    close();
    await server.shutdown();
  }
}

Deno.test("2xx and 3xx are a passed heartbeat", async () => {
  assertEquals(await verdict(() => new Response("fine")), undefined);
  assertEquals(await verdict(() => new Response(null, { status: 302 })), undefined);
});

Deno.test("the health path is asked for as it was set", async () => {
  const check = (request: Request) => new Response(null, { status: pathOk(request) ? 204 : 500 });
  assertEquals(await verdict(check), undefined);
});

function pathOk(request: Request): boolean {
  return request.method === "GET" && request.url.endsWith("/well?x=1");
}

Deno.test("4xx and 5xx are a missed one", async () => {
  assertEquals(await verdict(() => new Response("no", { status: 404 })), {
    reason: "404 from /well?x=1: no",
    refused: false,
  });
  assertEquals(await verdict(() => new Response("no", { status: 503 })), {
    reason: "503 from /well?x=1: no",
    refused: false,
  });
});

Deno.test("a refused connection is a missed one", async () => {
  const listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const { port } = listener.addr;
  listener.close();
  const { probe, close } = httpProbe({ path: "/" });
  const reason = await probe({ hostname: "127.0.0.1", port }, 2000, never, undefined);
  close();
  assertEquals(reason, { reason: `connection refused on port ${port}`, refused: true });
});

Deno.test("silence is a missed one when the deadline comes", async () => {
  const listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const { probe, close } = httpProbe({ path: "/" });
  const reason = await probe(
    { hostname: "127.0.0.1", port: listener.addr.port },
    20,
    never,
    undefined,
  );
  close();
  listener.close();
  assertEquals(reason, { reason: "no answer within 20 ms", refused: false });
});

Deno.test("a heartbeat says the replica's name, and a spare's says none", async () => {
  const named: (string | null)[] = [];
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, (request) => {
    named.push(request.headers.get(NAME_FIELD));
    return new Response();
  });
  const { probe, close } = httpProbe({ path: "/" });
  const address = { hostname: "127.0.0.1", port: server.addr.port };
  await probe(address, 2000, never, "Server7");
  await probe(address, 2000, never, undefined);
  close();
  await server.shutdown();
  assertEquals(named, ["Server7", null]);
});

/** Heartbeats to a server that answers from the second on. @returns the verdict, and how many came */
async function lateVerdict(deadlineMs: number, blockMs: number) {
  const { promise: first, resolve: arrived } = Promise.withResolvers<void>();
  let asked = 0;
  const silence = Promise.withResolvers<Response>();
  const handler = () => {
    arrived();
    return ++asked === 1 ? silence.promise : new Response();
  };
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, handler);
  const { probe, close } = httpProbe({ path: "/" });
  const address = { hostname: "127.0.0.1", port: server.addr.port };
  const asking = probe(address, deadlineMs, never, undefined);
  await first;
  for (const end = performance.now() + blockMs; performance.now() < end;);
  const miss = await asking;
  close();
  silence.resolve(new Response());
  await server.shutdown();
  return [miss?.reason, asked];
}

Deno.test("a miss of a thread that was late itself does not count before it is confirmed", async () => {
  assertEquals(await lateVerdict(2000, 3500), [undefined, 2]);
});

Deno.test("where no file can be opened nobody was asked", async () => {
  const program = new URL("./testdata/probe_without_files.ts", import.meta.url).pathname;
  const run = ["run", "--quiet", "--no-prompt", "--allow-net", "--allow-read", program];
  const { stdout } = await new Deno.Command("sh", {
    args: ["-c", 'ulimit -n 128; exec "$0" "$@"', Deno.execPath(), ...run],
    stdin: "null",
    stderr: "inherit",
  }).output();
  assertMatch(new TextDecoder().decode(stdout), /^"NotAskedError: Too many open files/);
});
