import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { HEARTBEAT_PATH, HOME_PATH, NAME_FIELD, REPLICA_ENV, replicaEnv } from "./contract.ts";
import { systemTest as test } from "../tools/test/needs.ts";

const HOST = "127.0.0.1";
const SOON_MS = 10_000;
const PERMISSIONS = ["--allow-net", "--allow-env=HOST,PORT,SERVER_NAME,SOCKET"];

interface Running {
  readonly port: number;
  readonly child: Deno.ChildProcess;
}

function spawn(script: string, args: string[], env: Record<string, string>): Deno.ChildProcess {
  const path = new URL(script, import.meta.url).href;
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-prompt", ...PERMISSIONS, path, ...args],
    env,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

function freePort(): number {
  using listener = Deno.listen({ hostname: HOST, port: 0 });
  return listener.addr.port;
}

/** Polls until the port accepts connections, or no longer does: no event reports that. */
async function waitForPort(port: number, open: boolean): Promise<void> {
  const deadline = Date.now() + SOON_MS;
  while (await accepts(port) !== open) {
    assert(Date.now() < deadline, `port ${port} is not ${open ? "open" : "closed"}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

async function accepts(port: number): Promise<boolean> {
  try {
    using _ = await Deno.connect({ hostname: HOST, port });
    return true;
  } catch (error) {
    // A listener that closes resets the connections that it has not accepted yet.
    const { ConnectionRefused, ConnectionReset } = Deno.errors;
    if (error instanceof ConnectionRefused || error instanceof ConnectionReset) return false;
    throw error;
  }
}

async function startReplica(name: string, tellsName = true): Promise<Running> {
  const port = freePort();
  const env = replicaEnv(name, HOST, port);
  if (!tellsName) delete env[REPLICA_ENV.name];
  const child = spawn("./main.ts", [], env);
  await waitForPort(port, true);
  return { port, child };
}

/** A replica with one running request, which ends when its standard input is closed. */
async function startSlow(drainMs: number): Promise<Running & { answer: Promise<string> }> {
  const port = freePort();
  const child = spawn("./testdata/slow.ts", [String(port), String(drainMs)], {});
  await waitForPort(port, true);
  const answer = fetch(`http://${HOST}:${port}/`).then((response) => response.text());
  const reader = child.stdout.getReader();
  assertEquals(new TextDecoder().decode((await reader.read()).value), "running\n");
  reader.releaseLock();
  return { port, child, answer };
}

/** The exit code and the standard error of the replica. */
async function end(child: Deno.ChildProcess): Promise<{ code: number; stderr: string }> {
  const stderr = new Response(child.stderr).text();
  await child.stdin.close();
  await child.stdout.cancel();
  return { code: (await child.status).code, stderr: await stderr };
}

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  test(`a replica serves until ${signal} and then ends with exit code 0`, async () => {
    const { port, child } = await startReplica("Server3");
    const response = await fetch(`http://${HOST}:${port}${HOME_PATH}`);
    assertEquals((await response.json()).message, "Hello from Server: 3");
    child.kill(signal);
    assertEquals((await end(child)).code, 0);
  });
}

async function hello(port: number): Promise<string> {
  return (await (await fetch(`http://${HOST}:${port}${HOME_PATH}`)).json()).message;
}

for (const tellsName of [true, false]) {
  const title = `SERVER_NAME ${tellsName ? "empty" : "unset"}`;
  test(`a replica that is started with ${title} is named by a heartbeat`, async () => {
    const { port, child } = await startReplica("", tellsName);
    assertEquals(await hello(port), "Hello from Server: unnamed");
    for (const name of ["Server3", "Server4"]) {
      const heartbeat = { headers: { [NAME_FIELD]: name } };
      const response = await fetch(`http://${HOST}:${port}${HEARTBEAT_PATH}`, heartbeat);
      assertEquals([response.status, await response.text()], [200, ""]);
    }
    assertEquals(await hello(port), "Hello from Server: 3");
    child.kill("SIGTERM");
    assertEquals((await end(child)).code, 0);
  });
}

test("a request that is running at SIGTERM is finished, and no other is accepted", async () => {
  const { port, child, answer } = await startSlow(SOON_MS);
  child.kill("SIGTERM");
  await waitForPort(port, false);
  const ended = end(child);
  assertEquals(await answer, "finished");
  assertEquals((await ended).code, 0);
});

test("a request that never ends does not keep the replica running", async () => {
  const { child, answer } = await startSlow(1);
  const cut = answer.then(() => "answered", () => "cut");
  child.kill("SIGTERM");
  assertEquals((await child.status).code, 1);
  assertEquals(await cut, "cut");
  await end(child);
});

for (const port of ["", "0", "65536", "80a", "1.5"]) {
  test(`a port of "${port}" is refused with exit code 2 and a reason`, async () => {
    const { code, stderr } = await end(spawn("./main.ts", [], { PORT: port }));
    assertEquals(code, 2);
    assertStringIncludes(stderr, `PORT must be a whole number from 1 to 65535, not "${port}"`);
  });
}

test("a taken port is refused with exit code 1 and a reason", async () => {
  using listener = Deno.listen({ hostname: HOST, port: 0 });
  const { port } = listener.addr;
  const { code, stderr } = await end(spawn("./main.ts", [], replicaEnv("Server1", HOST, port)));
  assertEquals(code, 1);
  assertStringIncludes(stderr, `cannot serve on ${HOST}:${port}`);
});
