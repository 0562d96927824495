import { assert, assertEquals, assertMatch } from "@std/assert";
import { CALLS } from "../../balancer/control/endpoints/table.ts";
import { waitFor } from "../../balancer/engine/testing.ts";
import { balancerArgs } from "../../tools/up/balancer_command.ts";
import { Balancer } from "../harness/balancer.ts";
import { terminal } from "../harness/terminal.ts";
import { RawConnection, statusOf as statusLine } from "../harness/raw.ts";
import { systemTest as test } from "../../tools/test/needs.ts";

/** A folder that the balancer may read and write. */
const FOLDER = ".run/state";

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

/** A line of the audit in the log. */
interface Line {
  readonly level: string;
  readonly call: string;
  readonly client: string;
  readonly credential: string;
  readonly requestId: string | undefined;
  readonly asked: Record<string, unknown> | undefined;
  readonly before: Record<string, unknown> | undefined;
  readonly after: Record<string, unknown> | undefined;
  readonly outcome: number | string;
  readonly reason: string | undefined;
}

/** A server behind a balancer of engine static. */
function upstream() {
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    (request) => new Response(`replica: ${new URL(request.url).pathname}`),
  );
  return {
    env: { LB_ENGINE: "static", LB_UPSTREAMS: `Server1=127.0.0.1:${server.addr.port}` },
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** A file with a token, in a folder that the balancer may read. */
async function tokenFile(text: string) {
  await Deno.mkdir(FOLDER, { recursive: true });
  const path = await Deno.makeTempFile({ dir: FOLDER, prefix: "token-" });
  const write = (text: string) => Deno.writeTextFile(path, text);
  await write(text);
  return { path, write, [Symbol.asyncDispose]: () => Deno.remove(path) };
}

/** Sends a request. @returns its status */
async function statusOf(balancer: Balancer, path: string, init: RequestInit = {}) {
  const response = await balancer.fetch(path, init);
  // Events have no end.
  if (path === "/_lb/events" && response.ok) await response.body?.cancel();
  else await response.text();
  return response.status;
}

/** Ends the balancer. @returns the lines of its audit */
async function auditOf(balancer: Balancer): Promise<Line[]> {
  const { output } = await balancer.end("SIGTERM");
  return output.split("\n").filter((line) => line.includes('"ringkeeper.audit"'))
    .map((line) => auditLine(JSON.parse(line)));
}

function auditLine(line: Record<string, string>): Line {
  const parsed = (name: string) => JSON.parse(line[`ringkeeper.${name}`] ?? "null") ?? undefined;
  return {
    level: line["level"]!,
    call: `${line["http.request.method"]} ${line["url.path"]}`,
    client: line["client.address"]!,
    credential: line["ringkeeper.credential"]!,
    requestId: line["ringkeeper.request_id"],
    asked: parsed("asked"),
    before: parsed("before"),
    after: parsed("after"),
    outcome: line["http.response.status_code"] ?? line["ringkeeper.outcome"]!,
    reason: line["ringkeeper.reason"],
  };
}

/** Each call with a path that has a name where one belongs. */
const paths = CALLS.map(({ method, path, scope }) => ({
  method,
  path: path.replace(":name", "Server1"),
  scope,
}));

test("each call accepts the tokens of its scope, and no others", async () => {
  await using server = upstream();
  await using balancer = await Balancer.start({
    ...server.env,
    LB_ADMIN_TOKEN: "adm1n",
    LB_READ_TOKEN: "r3ad",
  });
  const WANTED = {
    public: [0, 0, 0],
    open: [0, 0, 0],
    read: [401, 0, 0],
    admin: [401, 403, 0],
    execute: [401, 403, 0],
  };
  for (const { method, path, scope } of paths) {
    const statuses = [];
    for (const headers of [{}, bearer("r3ad"), bearer("adm1n")]) {
      // No call accepts this body, so an authorized call fails without any change.
      const body = method === "GET" ? null : "no JSON";
      const status = await statusOf(balancer, path, { method, headers, body });
      statuses.push([401, 403].includes(status) ? status : 0);
    }
    // Drills are off, which is a 403, too.
    if (path === "/_lb/drill") statuses[2] = 0;
    assertEquals(statuses, WANTED[scope], `${method} ${path}`);
  }
  for (const path of ["/_lb/", "/_lb/healthz"]) assertEquals(await statusOf(balancer, path), 200);
});

test("a token in a file is replaced without a restart, and never shown", async () => {
  await using server = upstream();
  await using admin = await tokenFile("first-admin\n");
  await using read = await tokenFile("first-read\n");
  await using balancer = await Balancer.start({
    ...server.env,
    LB_ADMIN_TOKEN_FILE: admin.path,
    LB_READ_TOKEN_FILE: read.path,
    LB_LOG_LEVEL: "debug",
  });
  const look = (token: string) => statusOf(balancer, "/_lb/status", { headers: bearer(token) });
  assertEquals([await look("first-admin"), await look("first-read")], [200, 200]);
  await read.write("second-read");
  await admin.write("second-admin");
  assertEquals([await look("second-read"), await look("first-read")], [200, 401]);
  assertEquals(await look("second-admin"), 200);
  await admin.write("");
  assertEquals(await look("second-admin"), 200);
  const response = await balancer.fetch("/_lb/status", { headers: bearer("second-admin") });
  assertEquals((await response.json()).failures, { "control.tokens": 1 });
  const { output } = await balancer.end("SIGTERM");
  assertMatch(output, /LB_ADMIN_TOKEN_FILE: .* must hold printable characters/);
  for (const token of ["first-admin", "first-read", "second-admin", "second-read"]) {
    assert(!output.includes(token), output);
  }
});

test("an unreadable token file ends the start, and the error names the missing permission", async () => {
  await using server = upstream();
  const refusal = async (env: Record<string, string>) => {
    try {
      await using _ = await Balancer.start({ ...server.env, ...env });
      return "it started";
    } catch (error) {
      return String(error);
    }
  };
  assertMatch(
    await refusal({ LB_ADMIN_TOKEN_FILE: `${FOLDER}/missing` }),
    /LB_ADMIN_TOKEN_FILE: .*missing cannot be read: No such file/,
  );
  assertMatch(
    await refusal({ LB_READ_TOKEN_FILE: "/etc/hostname" }),
    /LB_READ_TOKEN_FILE: .* start it with --allow-read=\/etc\/hostname beside the others/,
  );
  assertMatch(
    await refusal({ LB_ADMIN_TOKEN: "a", LB_ADMIN_TOKEN_FILE: "b" }),
    /LB_ADMIN_TOKEN, LB_ADMIN_TOKEN_FILE: only one of them may be given; got both/,
  );
});

test("an address that guesses tokens has to wait, and other addresses do not", async () => {
  await using server = upstream();
  await using balancer = await Balancer.start({ ...server.env, LB_ADMIN_TOKEN: "adm1n" });
  const plan = (token: string, more: Record<string, string> = {}) =>
    balancer.fetch("/_lb/plan", {
      method: "POST",
      body: '{"slots":1024}',
      // A client cannot change its address with a field of its own.
      headers: { ...bearer(token), ...more },
    });
  const statuses = [];
  for (let n = 0; n < 13; n++) {
    const response = await plan("guess", { "x-forwarded-for": `192.0.2.${n}` });
    statuses.push(response.status);
    await response.text();
  }
  assertEquals(statuses, [...Array(10).fill(401), 429, 429, 429]);
  const late = await plan("adm1n");
  assertEquals(late.status, 429);
  assertMatch(late.headers.get("retry-after") ?? "", /^(?:[1-9]|10)$/);
  assertMatch((await late.json()).message, /too many wrong tokens from this address/);
  using client = Deno.createHttpClient({ localAddress: "127.0.0.2" });
  const other = await fetch(balancer.at("/_lb/plan"), {
    method: "POST",
    body: '{"slots":1024}',
    headers: bearer("adm1n"),
    client,
  });
  assertEquals(other.status, 200);
  await other.text();
  const metrics = await (await balancer.fetch("/_lb/metrics")).text();
  assertMatch(metrics, /ringkeeper_refused_calls_total\{reason="wrong-token"\} 10\n/);
  assertMatch(metrics, /ringkeeper_refused_calls_total\{reason="limited"\} 4\n/);
  const lines = await auditOf(balancer);
  assertEquals(lines.map(({ client, outcome }) => [client, outcome]), [
    ...statuses.map((status) => ["127.0.0.1", status]),
    ["127.0.0.1", 429],
    ["127.0.0.2", 200],
  ]);
});

test("every change is an audit line: caller, call, state before and after", async () => {
  await using balancer = await Balancer.ready({
    LB_ENGINE: "process",
    LB_REPLICAS: "2",
    LB_DRILLS: "true",
    LB_ADMIN_TOKEN: "adm1n",
  });
  const send = async (method: string, path: string, body: object, id = "r") => {
    const headers = { ...bearer("adm1n"), "x-request-id": id };
    const response = await balancer.fetch(path, { method, headers, body: JSON.stringify(body) });
    return { status: response.status, text: await response.text() };
  };
  await send("POST", "/add", { n: 1, hostnames: ["Big"], weights: { Big: 3 } }, "r1");
  await send("PATCH", "/_lb/replicas/Big", { weight: 2 });
  await send("PATCH", "/_lb/ring", { slots: 1024 });
  const plan = JSON.parse((await send("POST", "/_lb/plan", { add: 1, remove: ["Big"] })).text);
  await send("POST", "/_lb/apply", { plan: plan.message.id });
  await send("DELETE", "/rm", { n: 1, hostnames: ["Server3"] });
  await send("DELETE", "/rm", { n: 9 });
  await send("POST", "/_lb/drill", { kill: "Server1", seconds: 1 });
  const command = "deno run --quiet --no-prompt --allow-net --allow-env replica/main.ts";
  await send("POST", "/_lb/deploy", { command });
  const lines = await auditOf(balancer);
  assertEquals(lines.map(({ call, outcome }) => [call, outcome]), [
    ["POST /add", 200],
    ["PATCH /_lb/replicas/Big", 200],
    ["PATCH /_lb/ring", 200],
    ["POST /_lb/plan", 200],
    ["POST /_lb/apply", 200],
    ["DELETE /rm", 200],
    ["DELETE /rm", 400],
    ["POST /_lb/drill", 200],
    ["POST /_lb/deploy", "done"],
  ]);
  for (const { client, credential, level } of lines) {
    assertEquals([client, credential, level], ["127.0.0.1", "admin-token", "INFO"]);
  }
  const [add, weigh, reshape, planned, apply, remove, refused, drill, deploy] = lines;
  const parts = (line?: Line) =>
    [line?.before, line?.after].map((side) => [side?.["weights"], side?.["shape"]]);
  assertEquals(add?.asked, { n: 1, hostnames: ["Big"], weights: { Big: 3 } });
  assertEquals(add?.requestId, "r1");
  assertEquals(parts(add), [[{}, undefined], [{ Big: 3 }, undefined]]);
  assertEquals(parts(weigh), [[{ Big: 3 }, undefined], [{ Big: 2 }, undefined]]);
  assertEquals(parts(reshape), [[undefined, { slots: 512 }], [undefined, { slots: 1024 }]]);
  assertEquals([planned?.asked, planned?.after], [{ add: 1, remove: ["Big"] }, undefined]);
  assertEquals(apply?.asked, { plan: plan.message.id });
  assertEquals(parts(apply), [[{ Big: 2 }, undefined], [{ Server3: 1 }, undefined]]);
  assertEquals(parts(remove), [[{ Server3: 1 }, undefined], [{}, undefined]]);
  assert(add?.before?.["digest"] !== add?.after?.["digest"]);
  assertEquals([refused?.before, refused?.after], [undefined, undefined]);
  assert(drill?.before?.["instance"] !== drill?.after?.["instance"]);
  assertEquals([deploy?.before, deploy?.after], [{}, { command }]);
});

test("the audit is written at every level of the log", async () => {
  await using server = upstream();
  const port = twoFreePorts();
  const process = new Deno.Command(Deno.execPath(), {
    args: await balancerArgs(),
    env: { ...server.env, LB_PORT: String(port), LB_LOG_FORMAT: "json", LB_LOG_LEVEL: "error" },
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const [url, api] = [port, port + 1].map((at) => `http://127.0.0.1:${at}`);
  await answering(`${url}/rep`);
  const shape = { method: "PATCH", body: '{"slots":1024}' };
  assertEquals((await (await fetch(`${api}/_lb/ring`, shape)).json()).status, "successful");
  const foreign = { origin: "http://evil.example" };
  await (await fetch(`${url}/add`, { method: "POST", headers: foreign })).text();
  process.kill("SIGTERM");
  const { stdout } = await process.output();
  const lines = new TextDecoder().decode(stdout).trim().split("\n").map((line) => JSON.parse(line));
  assertEquals(lines.map(({ level, logger }) => [level, logger]), [
    ["INFO", "ringkeeper.audit"],
    ["WARN", "ringkeeper.audit"],
  ]);
});

/** A free port with another one above it. */
function twoFreePorts(): number {
  for (;;) {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr;
    if (port < 65535 && isFree(port + 1)) return port;
  }
}

function isFree(port: number): boolean {
  try {
    Deno.listen({ hostname: "127.0.0.1", port }).close();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) return false;
    throw error;
  }
}

/** Asks until the answer is 200: while the workers start, the port answers 503. */
async function answering(url: string): Promise<void> {
  await waitFor(`an answer of ${url}`, async () => {
    try {
      const response = await fetch(url);
      await response.text();
      return response.ok;
    } catch (error) {
      if (error instanceof TypeError) return false;
      throw error;
    }
  });
}

test("a page of another site may not look or change, the own one may under any name", async () => {
  await using server = upstream();
  await using balancer = await Balancer.start({ ...server.env, LB_ADMIN_TOKEN: "adm1n" });
  const foreign = { "sec-fetch-site": "cross-site", "sec-fetch-mode": "cors", ...bearer("adm1n") };
  const look = (headers: Record<string, string>) => statusOf(balancer, "/_lb/status", { headers });
  assertEquals([await look({}), await look(foreign)], [200, 403]);
  const client = await RawConnection.to(Number(new URL(balancer.own).port));
  const change = async (origin: string, token: string) => {
    const body = "no JSON";
    await client.send(
      `PATCH /_lb/ring HTTP/1.1\r\nHost: lb.example:5000\r\nOrigin: ${origin}\r\n` +
        `Authorization: Bearer ${token}\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    return statusLine(await client.response());
  };
  assertEquals(await change("http://lb.example:5000", "adm1n"), 400);
  assertEquals(await change("http://evil.example:5000", "adm1n"), 403);
  assertEquals(await change("http://lb.example:5000", "wrong"), 401);
  client.close();
});

for (const api of ["auto", "basic", "none", "all"]) {
  test(`with a port of its own the public one carries ${api} of the API`, async () => {
    await using server = upstream();
    await using balancer = await Balancer.start({
      ...server.env,
      LB_ADMIN_LISTEN: "127.0.0.1:0",
      LB_PUBLIC_API: api,
    });
    const { own } = balancer;
    assert(own !== balancer.url);
    for (const path of ["/rep", "/_lb/status", "/_lb/", "/_lb/healthz"]) {
      const response = await fetch(own + path);
      assertEquals(response.status, 200, path);
      await response.text();
    }
    const carried = async (path: string) => {
      const response = await fetch(balancer.url + path);
      return !(await response.text()).startsWith("replica: ");
    };
    const [rep, status] = [await carried("/rep"), await carried("/_lb/status")];
    assertEquals([rep, status], [api !== "none", api === "all"]);
    assertEquals(await (await balancer.fetch("/home")).text(), "replica: /home");
    const stranger = await fetch(`${own}/_lb/nothing`);
    assertEquals(stranger.status, 404);
    await stranger.text();
    assertEquals((await balancer.end("SIGTERM")).code, 0);
  });
}

test("an API port on loopback is open to this machine, and does not open the public one", async () => {
  await using server = upstream();
  await using balancer = await Balancer.start({
    ...server.env,
    LB_HOST: "0.0.0.0",
    LB_ADMIN_LISTEN: "127.0.0.1:0",
  });
  const body = '{"n":0}';
  const own = await fetch(`${balancer.own}/add`, { method: "POST", body });
  await own.text();
  assertEquals(own.status, 400);
  assertEquals(await statusOf(balancer, "/add", { method: "POST", body }), 403);
});

test("a Unix socket carries page and API, for its owner alone, and goes with the balancer", async () => {
  await using server = upstream();
  await Deno.mkdir(FOLDER, { recursive: true });
  const path = `${FOLDER}/${crypto.randomUUID()}.sock`;
  const env = {
    ...server.env,
    LB_HOST: "0.0.0.0",
    LB_ADMIN_LISTEN: `unix:${path}`,
    LB_PUBLIC_API: "none",
  };
  await using first = await Balancer.start(env);
  using client = Deno.createHttpClient({ proxy: { transport: "unix", path } });
  const ask = (target: string, init: RequestInit = {}) =>
    fetch(`http://ringkeeper${target}`, { ...init, client });
  assertEquals((await Deno.stat(path)).mode! & 0o777, 0o600);
  const answers = [
    await ask("/_lb/"),
    await ask("/_lb/status"),
    await ask("/add", { method: "POST", body: '{"n":0}' }),
  ];
  assertEquals(answers.map(({ status }) => status), [200, 200, 400]);
  for (const answer of answers) await answer.text();
  assertEquals(await (await first.fetch("/rep")).text(), "replica: /rep");
  const { code: status, stdout } = await terminal(`unix:${path}`, "status", []);
  assertEquals([status, /Server1 .*ready/.test(stdout)], [0, true], stdout);
  // A second balancer does not remove a socket that another one answers.
  await assertEnds(env, /LB_ADMIN_LISTEN: .*\.sock is taken by another program/);
  // Event streams end with the balancer, so their readers do not delay the end.
  const events = await ask("/_lb/events");
  const [{ code }] = await Promise.all([first.end("SIGTERM"), events.text()]);
  assertEquals(code, 0);
  assertEquals(await exists(path), false);
  await using second = await Balancer.start(env);
  await second.end("SIGKILL");
  assertEquals(await exists(path), true);
  await using third = await Balancer.start(env);
  assertEquals(await (await ask("/rep")).json(), {
    message: { N: 1, replicas: ["Server1"] },
    status: "successful",
  });
  const lines = await auditOf(third);
  assertEquals(lines, []);
});

test("a socket path that cannot be used is refused with a remedy", async () => {
  await using server = upstream();
  await using file = await tokenFile("kept");
  const at = (path: string) => ({ ...server.env, LB_ADMIN_LISTEN: `unix:${path}` });
  await assertEnds(at(file.path), /LB_ADMIN_LISTEN: .* is taken by another program/);
  assertEquals(await Deno.readTextFile(file.path), "kept");
  await assertEnds(
    at("/var/tmp/ringkeeper-test.sock"),
    /start it with --allow-read=\S+ and --allow-w/,
  );
  await assertEnds(at(`${FOLDER}/none/a.sock`), /the folder of \S+ does not exist/);
});

async function assertEnds(env: Record<string, string>, why: RegExp): Promise<void> {
  try {
    await using _ = await Balancer.start(env);
  } catch (error) {
    assertMatch(String(error), why);
    return;
  }
  throw new Error(`it started, and should not have: ${why}`);
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
