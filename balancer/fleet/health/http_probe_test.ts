import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { NAME_FIELD } from "../../../replica/contract.ts";
import { httpProbe } from "./http_probe.ts";
import type { HttpProbeOptions } from "./probe_request.ts";
import { NotAskedError } from "./probe.ts";
import { systemTest as test } from "../../../tools/test/needs.ts";

const never = new AbortController().signal;

async function verdict(
  handler: (request: Request) => Response | Promise<Response>,
  deadline = 2000,
) {
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, handler);
  const probe = httpProbe({ path: "/well?x=1" });
  try {
    return await probe(
      { hostname: "127.0.0.1", port: server.addr.port },
      deadline,
      never,
      "Server1",
    );
  } finally {
    await server.shutdown();
  }
}

test("2xx and 3xx are a passed heartbeat", async () => {
  assertEquals(await verdict(() => new Response("fine")), undefined);
  assertEquals(await verdict(() => new Response(null, { status: 302 })), undefined);
});

test("the health path is requested as it was set", async () => {
  const check = (request: Request) => new Response(null, { status: pathOk(request) ? 204 : 500 });
  assertEquals(await verdict(check), undefined);
});

function pathOk(request: Request): boolean {
  return request.method === "GET" && request.url.endsWith("/well?x=1");
}

test("4xx and 5xx are a missed heartbeat", async () => {
  assertEquals(await verdict(() => new Response("no", { status: 404 })), {
    reason: "404 from /well?x=1: no",
    refused: false,
  });
  assertEquals(await verdict(() => new Response("no", { status: 503 })), {
    reason: "503 from /well?x=1: no",
    refused: false,
  });
});

test("a refused connection is a missed heartbeat", async () => {
  const listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const { port } = listener.addr;
  listener.close();
  const probe = httpProbe({ path: "/" });
  const reason = await probe({ hostname: "127.0.0.1", port }, 2000, never, undefined);
  assertEquals(reason, { reason: `connection refused on port ${port}`, refused: true });
});

test("silence until the deadline is a missed heartbeat", async () => {
  const listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const probe = httpProbe({ path: "/" });
  const reason = await probe(
    { hostname: "127.0.0.1", port: listener.addr.port },
    20,
    never,
    undefined,
  );
  listener.close();
  assertEquals(reason, { overdue: true, reason: "no answer within 20 ms", refused: false });
});

test("a heartbeat carries the replica's name, and a spare's carries none", async () => {
  const named: (string | null)[] = [];
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, (request) => {
    named.push(request.headers.get(NAME_FIELD));
    return new Response();
  });
  const probe = httpProbe({ path: "/" });
  const address = { hostname: "127.0.0.1", port: server.addr.port };
  await probe(address, 2000, never, "Server7");
  await probe(address, 2000, never, undefined);
  await server.shutdown();
  assertEquals(named, ["Server7", null]);
});

/**
 * Sends a heartbeat to a server that ignores the first one. @returns the verdict, and the number of
 * heartbeats
 */
async function lateVerdict(deadlineMs: number, blockMs: number) {
  const { promise: first, resolve: arrived } = Promise.withResolvers<void>();
  let asked = 0;
  const silence = Promise.withResolvers<Response>();
  const handler = () => {
    arrived();
    return ++asked === 1 ? silence.promise : new Response();
  };
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, handler);
  const probe = httpProbe({ path: "/" });
  const address = { hostname: "127.0.0.1", port: server.addr.port };
  const asking = probe(address, deadlineMs, never, undefined);
  await first;
  for (const end = performance.now() + blockMs; performance.now() < end;);
  const miss = await asking;
  silence.resolve(new Response());
  await server.shutdown();
  return [miss?.reason, asked];
}

test("a miss while the thread was late counts only once it is confirmed", async () => {
  assertEquals(await lateVerdict(2000, 3500), [undefined, 2]);
});

test("a heartbeat for which the balancer was late twice is no miss of the instance", async () => {
  const silence = Promise.withResolvers<Response>();
  let asked = 0;
  const block = () => {
    for (const end = performance.now() + 600; performance.now() < end;);
    asked++;
    return silence.promise;
  };
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, block);
  const probe = httpProbe({ path: "/" });
  const address = { hostname: "127.0.0.1", port: server.addr.port };
  await assertRejects(() => probe(address, 700, never, undefined), NotAskedError, "ms late");
  assertEquals(asked, 2);
  silence.resolve(new Response());
  await server.shutdown();
});

test("without file descriptors a heartbeat is not sent, and is no miss", async () => {
  const program = new URL("../testdata/probe_without_files.ts", import.meta.url).pathname;
  const run = ["run", "--quiet", "--no-prompt", "--allow-net", "--allow-read", program];
  const { stdout } = await new Deno.Command("sh", {
    args: ["-c", 'ulimit -n 128; exec "$0" "$@"', Deno.execPath(), ...run],
    stdin: "null",
    stderr: "inherit",
  }).output();
  assertMatch(new TextDecoder().decode(stdout), /^"NotAskedError: Too many open files/);
});

/** Returns the verdict of a strict service about a heartbeat with these options. */
async function asked(
  options: Omit<HttpProbeOptions, "path">,
  where: "tcp" | "unix",
): Promise<string | undefined> {
  const path = await Deno.makeTempFile();
  await Deno.remove(path);
  const handler = (request: Request) => {
    const right = request.headers.get("host") === "app.example" &&
      request.headers.get("x-probe") === "yes";
    return right ? new Response("") : new Response("host\n not   allowed", { status: 400 });
  };
  await using server = where === "unix"
    ? Deno.serve({ path, onListen: () => {} }, handler)
    : Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, handler);
  const probe = httpProbe({ path: "/", ...options });
  const address = where === "unix" ? { path } : server.addr as Deno.NetAddr;
  const missed = await probe(address, 5000, never, "Server1");
  return missed?.reason;
}

test("the Host field and further fields are those of the settings, also over a Unix socket", async () => {
  for (const where of ["tcp", "unix"] as const) {
    const options = { host: "app.example", headers: { "X-Probe": "yes" } };
    assertEquals(await asked(options, where), undefined, where);
    assertEquals(await asked({ headers: {} }, where), "400 from /: host not allowed", where);
  }
});

test("only the beginning of a text body is shown", async () => {
  const type = (type: string) => ({ status: 500, headers: { "Content-Type": type } });
  const table: [BodyInit | null, string, string][] = [
    [
      "<html><head><title>x</title></head><body><h1>Not</h1> here</body>",
      "text/html",
      ": Not here",
    ],
    ["\u0000\u0001\u0002", "application/octet-stream", ""],
    [null, "text/plain", ""],
    ["a".repeat(5000), "text/plain", `: ${"a".repeat(119)}…`],
    ['{"error":\n"no database"}', "application/json", ': {"error": "no database"}'],
  ];
  for (const [body, kind, shown] of table) {
    const missed = await verdict(() => new Response(body, type(kind)));
    assertEquals(missed?.reason, `500 from /well?x=1${shown}`);
  }
});

test("without a path a heartbeat is a connection that is accepted", async () => {
  const probe = httpProbe({ path: "" });
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  const address = { hostname: "127.0.0.1", port };
  assertEquals(await probe(address, 2000, never, undefined), undefined);
  listener.close();
  assertEquals(await probe(address, 2000, never, undefined), {
    reason: `connection refused on port ${port}`,
    refused: true,
  });
});
