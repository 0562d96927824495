import { assert, assertEquals, assertMatch } from "@std/assert";
import { balancerArgs } from "../../tools/up/balancer_command.ts";
import { Balancer, pidOf, signal } from "../harness/balancer.ts";
import { balancerFor, get, OK, RawBalancer, RawConnection, RawUpstream } from "../harness/raw.ts";
import { systemTest as test } from "../../tools/test/needs.ts";

const MORTAL =
  `${Deno.execPath()} run --quiet --no-prompt --allow-net --allow-env=LIFE_MS,PORT,REFUSES,SERVER_NAME,VERSION ` +
  new URL("../testdata/mortal.ts", import.meta.url).pathname;

type Line = Readonly<Record<string, unknown>>;

/** The requests in an output, one a line. */
function requestsIn(output: string): Line[] {
  const lines = output.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
  return lines.filter(({ logger }) => logger === "ringkeeper.access");
}

/** Ends a balancer, and reads the requests in its log. */
async function endOf({ balancer }: RawBalancer): Promise<{ output: string; requests: Line[] }> {
  const { code, output } = await balancer.end("SIGTERM");
  assertEquals(code, 0, output);
  return { output, requests: requestsIn(output) };
}

function lineOf(requests: readonly Line[], path: string): Line {
  const found = requests.filter((line) => line["url.path"] === path);
  assertEquals(found.length, 1, `${path}: ${JSON.stringify(requests)}`);
  return found[0]!;
}

test("the log tells of each request, and of no credential that went by", async () => {
  const answer = "HTTP/1.1 200 OK\r\nSet-Cookie: sid=SECRET-set\r\nContent-Length: 2\r\n\r\nok";
  await using server = new RawUpstream(({ line }) => line.includes("/silent") ? undefined : answer);
  const balancer = await balancerFor([server], {
    LB_ACCESS_LOG: "full",
    LB_KEY: "header:Authorization",
    LB_ADMIN_TOKEN: "SECRET-admin",
    LB_PUBLIC_API: "all",
    LB_MAX_BODY_BYTES: "1000",
  });
  const secrets = ["Authorization: Bearer SECRET-auth", "Cookie: sid=SECRET-cookie"];
  const referred = "Referer: http://a/?token=SECRET-referer";
  await balancer.ask(get("/home?token=SECRET-query", ...secrets, referred, "X-Request-Id: id-1"));
  await balancer.ask(get("/_lb/log?token=SECRET-query", ...secrets));
  await balancer.ask(`GET /bad HTTP/1.1\r\n${secrets[0]}\r\n\r\n`);
  await balancer.ask("POST /big HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n");
  // A request that is not idempotent is not sent again.
  await balancer.ask(`POST /silent HTTP/1.1\r\nHost: a\r\n${secrets[0]}\r\n\r\n`);
  const { output, requests } = await endOf(balancer);
  assertEquals(output.includes("SECRET"), false, output);

  const { "@timestamp": at, "ringkeeper.duration_ms": ms, ...usual } = lineOf(requests, "/home");
  assert(Date.now() - Date.parse(String(at)) < 60_000 && Number(ms) > 0);
  assert(Number(usual["ringkeeper.upstream_ms"]) > 0);
  assertMatch(String(usual["ringkeeper.key"]), /^sha256:[0-9a-f]{12}$/);
  assertMatch(String(usual["ringkeeper.instance"]), /./);
  const expected = {
    "http.request.method": "GET",
    "http.response.status_code": 200,
    "http.request.body.size": 0,
    "http.response.body.size": 2,
    "client.address": "127.0.0.1",
    "network.protocol.version": "1.1",
    "ringkeeper.request_id": "id-1",
    "ringkeeper.replica": "Server1",
    "ringkeeper.attempts": 1,
    "ringkeeper.held_ms": 0,
    "ringkeeper.outcome": "answered",
  };
  for (const [name, value] of Object.entries(expected)) assertEquals(usual[name], value, name);

  const control = lineOf(requests, "/_lb/log");
  assertEquals([control["ringkeeper.control"], control["ringkeeper.key"]], [true, undefined]);
  const bad = requests.find((line) => line["http.response.status_code"] === 400);
  assertEquals([bad?.["ringkeeper.outcome"], bad?.["ringkeeper.reason"]], ["refused", "fault"]);
  assertEquals(bad?.["ringkeeper.detail"], "An HTTP/1.1 request must have a Host field");
  assertEquals(lineOf(requests, "/big")["http.response.status_code"], 413);
  const silent = lineOf(requests, "/silent");
  assertEquals([silent["http.response.status_code"], silent["ringkeeper.reason"]], [502, "failed"]);
});

test("the record of a request that outlives its replica has its wait and its number of attempts", async () => {
  const balancer = new RawBalancer(
    await Balancer.ready({
      LB_ENGINE: "process",
      LB_REPLICAS: "1",
      LB_REPLICA_COMMAND: MORTAL,
      LB_HEALTH_PATH: "/heartbeat",
      LB_HEARTBEAT_MS: "60000",
      LB_WORKERS: "1",
      LB_ACCESS_LOG: "full",
    }),
  );
  const leaving = await balancer.connect();
  // Of a client that ends its side in the middle of a request it is known that it has left.
  await leaving.send("POST /hang HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n12");
  await balancer.seen();
  leaving.close();
  using patient = await balancer.connect();
  await patient.send(get("/patient"));
  await balancer.seen();
  await signal(pidOf(await balancer.balancer.replica("Server1")), "KILL");
  assertMatch((await patient.response()).line, / 200 /);
  const { requests } = await endOf(balancer);
  const held = lineOf(requests, "/patient");
  assertEquals([held["http.response.status_code"], held["ringkeeper.attempts"]], [200, 2]);
  const [waited, asked, all] = ["held", "upstream", "duration"].map((what) =>
    Number(held[`ringkeeper.${what}_ms`])
  );
  assert(waited! > 0 && asked! > 0 && waited! + asked! <= all!, JSON.stringify(held));
  const left = lineOf(requests, "/hang");
  assertEquals(left["ringkeeper.outcome"], "left");
  assertEquals(left["http.response.status_code"], undefined);
});

test("combined is a line for the programs that read Apache's, beside JSON of the balancer's own", async () => {
  const sick = "HTTP/1.1 500 Oh no\r\nContent-Length: 0\r\n\r\n";
  await using server = new RawUpstream(({ line }) => line.includes("/sick") ? sick : OK);
  const balancer = await balancerFor([server], {
    LB_ACCESS_LOG: "full",
    LB_ACCESS_LOG_FORMAT: "combined",
  });
  const own = ["Authorization: Bearer SECRET", "Cookie: sid=SECRET"];
  const agent = 'User-Agent: "\\ forged" 200 1 \u009b2J';
  await balancer.ask(
    get("/home?a=1", "Referer: http://a.example/?b=2", "User-Agent: curl/8", ...own),
  );
  await balancer.ask(get("/sick", "REFERER: r", agent));
  await balancer.ask("GET /bad HTTP/1.1\r\n\r\n");
  const { code, output } = await balancer.balancer.end("SIGTERM");
  assertEquals(code, 0, output);
  const lines = output.split("\n").filter((line) => /^[^{]/.test(line));
  const start = /^127\.0\.0\.1 - - \[\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d \+0000\] /;
  for (const line of lines) assertMatch(line, start);
  assertEquals(lines.slice(0, 2).map((line) => line.replace(start, "")), [
    '"GET /home?a=1 HTTP/1.1" 200 2 "http://a.example/?b=2" "curl/8"',
    '"GET /sick HTTP/1.1" 500 - "r" "\\x22\\x5C forged\\x22 200 1 \\x9B2J"',
  ]);
  assertMatch(lines[2]!, / "-" 400 \d+ "-" "-"$/);
  assertEquals([lines.length, output.includes("SECRET")], [3, false]);
});

test("combined has the fields of requests that were not chosen and fail", async () => {
  const sick = "HTTP/1.1 500 Oh no\r\nContent-Length: 0\r\n\r\n";
  await using server = new RawUpstream(() => sick);
  const balancer = await balancerFor([server], {
    LB_ACCESS_LOG: "0.000000001",
    LB_ACCESS_LOG_FORMAT: "combined",
  });
  await balancer.ask(get("/sick?a", "Referer:  r", "User-Agent: late"));
  const { output } = await balancer.balancer.end("SIGTERM");
  assertMatch(output, / "GET \/sick\?a HTTP\/1\.1" 500 - "r" "late"\n/);
});

test("PATCH /_lb/log is in force at once, without a restart", async () => {
  await using server = new RawUpstream(() => OK);
  const balancer = await balancerFor([server], { LB_WORKERS: "2" });
  const turn = async (change: unknown, expected: unknown) => {
    const answer = await balancer.balancer.call("PATCH", "/_lb/log", change);
    assertEquals(answer, { status: 200, body: { message: expected, status: "successful" } });
  };
  await balancer.ask(get("/before"));
  await turn({ access: "full" }, { level: "info", access: "full" });
  await balancer.ask(get("/while"));
  await turn({ access: "off", level: "error" }, { level: "error", access: "off" });
  await balancer.ask(get("/after"));
  await balancer.balancer.call("PATCH", "/_lb/log", { level: "loud" });
  assertEquals(await balancer.balancer.call("GET", "/_lb/log"), {
    status: 200,
    body: { level: "error", access: "off" },
  });
  const { output, requests } = await endOf(balancer);
  const paths = requests.map((line) => line["url.path"]);
  assertEquals(paths.filter((path) => path !== "/_lb/log"), ["/while"]);
  assertEquals(output.includes("listening on"), true);
  assertEquals(output.includes("draining"), false);
});

test("a sampled access log contains a part of the requests, and every failed one", async () => {
  const sick = "HTTP/1.1 500 Oh no\r\nContent-Length: 0\r\n\r\n";
  await using server = new RawUpstream(({ line }) => line.includes("/sick") ? sick : OK);
  const balancer = await balancerFor([server], { LB_ACCESS_LOG: "0.000000001" });
  for (const path of ["/fine", "/fine", "/sick", "/fine", "/sick"]) await balancer.ask(get(path));
  await balancer.ask("GET / HTTP/1.1\r\n\r\n");
  const { requests } = await endOf(balancer);
  assertEquals(requests.map((line) => [line["url.path"], line["ringkeeper.replica"]]), [
    ["/sick", "Server1"],
    ["/sick", "Server1"],
  ]);
});

test("the end of the balancer loses no line, and lines of several workers do not mix", async () => {
  await using server = new RawUpstream(() => OK);
  const balancer = await balancerFor([server], { LB_WORKERS: "3", LB_ACCESS_LOG: "full" });
  const ids = Array.from(
    { length: 30 },
    (_, client) => Array.from({ length: 40 }, (_, nth) => `${client}-${nth}`),
  );
  await Promise.all(ids.map(async (own) => {
    using client = await balancer.connect();
    for (const id of own) {
      await client.send(get(`/${"x".repeat(500)}`, `X-Request-Id: ${id}`));
      await client.response();
    }
  }));
  const { requests } = await endOf(balancer);
  const told = requests.filter((line) => line["ringkeeper.control"] === undefined)
    .map((line) => String(line["ringkeeper.request_id"]));
  assertEquals(told.length, ids.flat().length);
  assert(told.toSorted().join() === ids.flat().toSorted().join());
});

/** A balancer whose log a test reads, or does not. */
class Unread implements AsyncDisposable {
  text = "";
  readonly #process: Deno.ChildProcess;
  readonly #output: ReadableStreamDefaultReader<string>;
  #url = "";

  private constructor(process: Deno.ChildProcess) {
    this.#process = process;
    this.#output = process.stdout.pipeThrough(new TextDecoderStream()).getReader();
  }

  /** Starts it, and reads no further than where it listens. */
  static async start(server: RawUpstream): Promise<Unread> {
    const process = new Deno.Command(Deno.execPath(), {
      args: await balancerArgs(),
      cwd: new URL("../../", import.meta.url),
      env: {
        LB_PORT: "0",
        LB_LOG_FORMAT: "json",
        LB_ENGINE: "static",
        LB_UPSTREAMS: `Server1=${server.address}`,
        LB_HEALTH_PATH: "",
        LB_WORKERS: "1",
        LB_PUBLIC_API: "all",
        LB_ACCESS_LOG: "full",
      },
      stdin: "null",
      stdout: "piped",
    }).spawn();
    const balancer = new Unread(process);
    await balancer.readUntil(/listening on.*"server\.port":\d+/);
    balancer.#url = `http://127.0.0.1:${/"server\.port":(\d+)/.exec(balancer.text)?.[1]}`;
    return balancer;
  }

  fetch(path: string, init?: RequestInit): Promise<Response> {
    return fetch(`${this.#url}${path}`, init);
  }

  async readUntil(wanted: RegExp): Promise<void> {
    while (!wanted.test(this.text)) assert(await this.#read(), this.text.slice(-1000));
  }

  /** Lines that were lost so far. */
  async lost(log: "access" | "balancer"): Promise<number> {
    const metrics = await (await this.fetch("/_lb/metrics")).text();
    return Number(new RegExp(`log_lines_lost_total{log="${log}"} (\\d+)`).exec(metrics)?.[1]);
  }

  /** Sends requests until lines are lost: each of them is answered. */
  async overflow(): Promise<void> {
    const long = get(`/${"x".repeat(1000)}`, `X-Request-Id: ${"i".repeat(1000)}`);
    using client = await RawConnection.to(Number(new URL(this.#url).port));
    while (await this.lost("access") === 0) {
      for (let left = 100; left > 0; left--) {
        await client.send(long);
        assertMatch((await client.response()).line, / 200 /);
      }
    }
  }

  /** Ends the balancer while its log has no reader. @returns the exit code */
  async end(): Promise<number> {
    this.#process.kill("SIGTERM");
    return (await this.#process.status).code;
  }

  /** Reads the rest, to the end. */
  async rest(): Promise<void> {
    while (await this.#read());
  }

  async #read(): Promise<boolean> {
    const { value, done } = await this.#output.read();
    this.text += value ?? "";
    return !done;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#output.cancel();
  }
}

test("a reader that stops blocks no request; lost lines are counted and reported", async () => {
  await using server = new RawUpstream(() => OK);
  await using balancer = await Unread.start(server);
  await balancer.overflow();
  const { status } = await balancer.fetch("/_lb/log", {
    method: "PATCH",
    body: '{"access":"off"}',
  });
  assertEquals([status, await balancer.lost("balancer")], [200, 0]);
  await balancer.readUntil(/lines of the log were lost.*"ringkeeper\.lines":[1-9]/);
  const ended = balancer.end();
  await balancer.rest();
  assertEquals(await ended, 0);
  // Lines that were read late are still complete.
  for (const line of balancer.text.split("\n")) if (line !== "") JSON.parse(line);
});

test("a balancer ends even when its log has no reader", async () => {
  await using server = new RawUpstream(() => OK);
  await using balancer = await Unread.start(server);
  await balancer.overflow();
  assertEquals(await balancer.end(), 0);
});
