import { assert, assertEquals, assertMatch } from "@std/assert";
import { Balancer } from "../harness/balancer.ts";
import {
  columnOf,
  onTerminal,
  type Outcome,
  startTerminal,
  terminal,
  wordsOf,
} from "../harness/terminal.ts";
import { systemTest as test } from "../../tools/test/needs.ts";

const TOKEN = "a-token-of-the-test";

test("the commands of the terminal, on a balancer with three replicas", async (t) => {
  await using balancer = await Balancer.ready({ LB_ENGINE: "process" });
  const run = (task: string, ...args: string[]) => terminal(balancer.own, task, args);

  await t.step("status is a table with a row for each replica", async () => {
    const { code, stdout, stderr } = await run("status");
    assertEquals([code, stderr], [0, ""]);
    assertMatch(stdout, /^3 of 3 replicas ready, engine process\nring: layout even, 512 slots, /);
    assertEquals(columnOf(stdout, "REPLICA"), ["Server1", "Server2", "Server3"]);
    assertEquals(columnOf(stdout, "STATE"), ["ready", "ready", "ready"]);
    assertEquals(columnOf(stdout, "WEIGHT"), ["1", "1", "1"]);
    assertEquals(columnOf(stdout, "SLOTS"), ["171", "171", "170"]);
  });

  await t.step("--json is the API's answer as it is", async () => {
    const { code, stdout } = await run("status", "--json");
    assertEquals([code, Object.keys(JSON.parse(stdout))], [
      0,
      Object.keys(await balancer.status()),
    ]);
    const asked = await balancer.fetch("/_lb/incidents");
    assertEquals((await run("incidents", "--json")).stdout, `${await asked.text()}\n`);
  });

  await t.step("a pipe and NO_COLOR get no escape codes", async () => {
    const outcomes = [await run("status"), await run("incidents"), await run("explain", "a")];
    for (const { stdout } of outcomes) assertEquals(stdout.includes("\x1b"), false);
  });

  await t.step("add brings in replicas by name, by number and with weights", async () => {
    assertEquals(
      await run("add", "S4", "Big=2"),
      done("5 replicas: Server1, Server2, Server3, S4, Big"),
    );
    assertEquals((await run("add", "-n", "1")).stdout.endsWith(", Big, Server4\n"), true);
    const { stdout } = await run("status");
    assertEquals(columnOf(stdout, "WEIGHT"), ["1", "1", "1", "1", "2", "1"]);
  });

  await t.step("weigh changes a weight and reports the moved share", async () => {
    const { code, stdout } = await run("weigh", "Big", "0");
    assertEquals(code, 0);
    assertMatch(
      stdout,
      /^done: ring version \d+, digest [0-9a-f]+; \d+\.\d % of all keys \(of ids \d+\.\d %\) moved\n/,
    );
    assertEquals(new Set(columnOf(stdout, "FROM")).has("Big"), true);
    assertEquals(columnOf((await run("status")).stdout, "SLOTS")[4], "0");
  });

  await t.step("rm removes by name, and the newest by number", async () => {
    assertEquals(
      await run("rm", "Big"),
      done("5 replicas: Server1, Server2, Server3, S4, Server4"),
    );
    assertEquals(await run("rm", "-n", "2"), done("3 replicas: Server1, Server2, Server3"));
  });

  await t.step("plan shows the moves and changes nothing", async () => {
    const before = await balancer.status();
    const { code, stdout } = await run("plan", "--name", "S4", "--slots", "1024");
    assertEquals(code, 0);
    assertMatch(stdout, /^to add: {4}S4\n/);
    assertMatch(stdout, /^slots +512 +1024$/m);
    assertMatch(stdout, /^\d+\.\d % of all keys \(of ids \d+\.\d %\) would move$/m);
    assertMatch(stdout, /nothing has changed; until .*: ringkeeper plan --apply \S+\n$/);
    assertEquals(await balancer.status(), before);
  });

  await t.step("a plan that was shown is carried out by its id, once", async () => {
    const { stdout } = await run("plan", "--add", "1");
    const id = /--apply (\S+)\n$/.exec(stdout)?.[1] ?? "";
    const applied = await run("plan", "--apply", id);
    assertEquals(applied.code, 0, applied.stderr);
    assertEquals((await balancer.status()).desired, 4);
    assertRefused(await run("plan", "--apply", id));
  });

  await t.step("plan --apply shows it and carries it out", async () => {
    const { code, stdout } = await run("plan", "--remove", "Server4", "--apply");
    assertEquals(code, 0);
    assertMatch(stdout, /^to remove: Server4\n/);
    assertMatch(stdout, /^done: ring version \d+, .* of all keys \(of ids .*\) moved\n$/m);
    assertEquals((await balancer.status()).desired, 3);
  });

  await t.step("plan --apply --json is both answers, a line each", async () => {
    const { stdout } = await run("plan", "--weight", "Server1=2", "--apply", "--json");
    const [plan, applied, ...rest] = stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
    assertEquals([rest, plan.message.after.digest], [[], applied.message.digest]);
  });

  await t.step("explain says where a key, an id goes, as the ring has it", async () => {
    const { code, stdout } = await run("explain", "user-7");
    assertEquals(code, 0);
    assertMatch(stdout, /^Key user-7 falls on slot \d+, which Server\d owns; .*\.\n/);
    assertEquals(columnOf(stdout, "ASKED"), ["1", "2", "3"]);
    assertMatch((await run("explain", "--id", "12")).stdout, /^Id 12 falls on slot /);
  });

  await t.step("a refused call ends with 1 and the balancer's message", async () => {
    const { code, stdout, stderr } = await run("rm", "Nobody");
    assertEquals([code, stdout], [1, ""]);
    assertEquals(
      stderr,
      "error: the balancer refused (404): hostnames: no replica is called Nobody\n",
    );
    assertRefused(await run("add", "Server1"));
    assertRefused(await run("weigh", "Server1", "5000"));
    assertRefused(await run("weigh", "../status", "1"));
    assertRefused(await run("plan", "--layout", "square"));
    assertRefused(await run("explain", "--path", "/home"));
  });

  await t.step("incidents tells of a kill", async () => {
    assertEquals((await run("incidents")).stdout, "no incidents\n");
    const victim = await balancer.replica("Server2");
    Deno.kill(Number(victim?.instance?.split("-", 1)[0]), "SIGKILL");
    await balancer.until(({ replicas }) => replicas.some(({ restarts }) => restarts > 0));
    const { code, stdout } = await run("incidents");
    assertEquals([code, columnOf(stdout, "REPLICA")], [0, ["Server2"]]);
  });
});

test("wrong usage ends with 2, before any call", async () => {
  const nowhere = "http://127.0.0.1:9";
  const cases: [string, string[], string][] = [
    ["status", ["--jsno"], "unknown option '--jsno'\n(Did you mean --json?)"],
    [
      "status",
      ["extra"],
      "too many arguments for 'status'. Expected 0 arguments but got 1: extra.",
    ],
    ["add", ["-n", "0"], '--number must be a whole number from 1 to 4096; got "0"'],
    [
      "add",
      ["A", "B", "-n", "1"],
      '--number must be at least the number of names, which is 2; got "1"',
    ],
    ["add", ["A=heavy"], 'NAME must be a weight such as 2 or 0.5; got "heavy"'],
    ["rm", [], "NAME, or --number N for the newest, must be given"],
    ["weigh", ["A"], "missing required argument 'WEIGHT'"],
    ["plan", [], "an option that names the change must be given"],
    ["plan", ["--slots"], "option '--slots <M>' argument missing"],
    ["explain", [], "one of KEY, --id and --path must be given; got none"],
    ["explain", ["a", "--id", "1"], "one of KEY, --id and --path must be given; got key and id"],
    ["top", ["--count", "x"], '--count must be a whole number from 1 to 999999999; got "x"'],
  ];
  for (const [task, args, message] of cases) {
    assertEquals(await terminal(nowhere, task, args), {
      code: 2,
      stdout: "",
      stderr: `error: ${message}\nTry: ringkeeper ${task} --help\n`,
    });
  }
});

test("the help of every command has its effect and its exit codes", async () => {
  for (const task of ["status", "top", "add", "rm", "weigh", "plan", "explain", "incidents"]) {
    const { code, stdout, stderr } = await terminal(undefined, task, ["--help"]);
    assertEquals([code, stderr], [0, ""]);
    assertMatch(stdout, new RegExp(`^Usage: ringkeeper ${task} \\[options\\]`));
    assertMatch(stdout, /Exit codes: 0 done, 1 the balancer refused, 2 wrong usage, 3 /);
    for (const line of stdout.split("\n")) assert(line.length <= 80, line);
  }
});

test("a balancer that cannot be reached ends with 3 and says how to start it", async () => {
  const url = `http://127.0.0.1:${await unusedPort()}`;
  for (const [task, ...args] of [["status"], ["top"], ["add"], ["plan", "--add", "1"]]) {
    const { code, stdout, stderr } = await terminal(url, task ?? "", args);
    assertEquals([code, stdout], [3, ""]);
    assertMatch(
      stderr,
      /^error: the balancer cannot be reached at http:\/\/127\.0\.0\.1:\d+; ringkeeper up /,
    );
  }
});

test("another program's port ends with 3, too", async () => {
  await using server = Deno.serve({ port: 0, onListen() {} }, () => new Response("<html>"));
  const url = `http://127.0.0.1:${server.addr.port}`;
  const { code, stderr } = await terminal(undefined, "status", ["--url", url]);
  assertEquals([code, stderr], [
    3,
    `error: the server at ${url} is no balancer (status 200); ` +
    "give the balancer's address with --url\n",
  ]);
});

test("a balancer that breaks off a change leaves open whether it was made", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const server = answerOnlyQuestions(listener);
  const { code, stderr } = await terminal(`http://127.0.0.1:${listener.addr.port}`, "add", []);
  listener.close();
  await server;
  assertEquals(code, 3);
  assertMatch(stderr, /broke before it answered: the change may have been made or not/);
});

test("the token comes from the environment or a file, and goes nowhere else", async (t) => {
  await using balancer = await Balancer.ready({
    LB_ENGINE: "process",
    LB_REPLICAS: "1",
    LB_ADMIN_TOKEN: TOKEN,
  });
  const file = await Deno.makeTempFile();
  try {
    await t.step("without it a change is refused, with a hint at where it goes", async () => {
      const { code, stderr } = await terminal(balancer.own, "add", ["S2"]);
      assertEquals(code, 1);
      assertMatch(
        stderr,
        /^error: the balancer refused \(401\): .*\nThe token goes in LB_ADMIN_TOKEN/,
      );
      assertEquals((await terminal(balancer.own, "status", [])).code, 0);
    });
    await t.step("with it a change is made", async () => {
      const env = { LB_ADMIN_TOKEN: TOKEN };
      assertEquals(
        await terminal(balancer.own, "add", ["S2"], env),
        done("2 replicas: Server1, S2"),
      );
      await Deno.writeTextFile(file, `${TOKEN}\n`);
      const args = ["S2", "--token-file", file];
      assertEquals(await terminal(balancer.own, "rm", args), done("1 replica: Server1"));
    });
    await t.step("a redirect does not carry it off", async () => {
      let stolen: string | null = null;
      await using thief = Deno.serve({ port: 0, onListen() {} }, (request) => {
        stolen = request.headers.get("authorization");
        return Response.json({});
      });
      const target = `http://127.0.0.1:${thief.addr.port}/`;
      await using lure = Deno.serve({ port: 0, onListen() {} }, () => Response.redirect(target));
      const url = `http://127.0.0.1:${lure.addr.port}`;
      assertEquals((await terminal(url, "status", [], { LB_ADMIN_TOKEN: TOKEN })).code, 3);
      assertEquals(stolen, null);
    });
  } finally {
    await Deno.remove(file);
  }
});

test("top in a pipe prints one block for each interval, in 80 columns and without colours", async () => {
  await using balancer = await Balancer.ready({ LB_ENGINE: "process" });
  const { code, stdout, stderr } = await terminal(balancer.own, "top", ["--count", "2"]);
  assertEquals([code, stderr], [0, ""]);
  const blocks = stdout.split(/(?=^http:)/m);
  assertEquals(blocks.length, 2);
  for (const block of blocks) {
    assertMatch(block, /^http:\/\/127\.0\.0\.1:\d+: 3 of 3 replicas ready, engine process\n/);
    assertEquals(columnOf(block, "REPLICA"), ["Server1", "Server2", "Server3"]);
    assertEquals(columnOf(block, "STATE"), ["ready", "ready", "ready"]);
  }
  for (const line of stdout.split("\n")) assert(line.length <= 80 && !line.includes("\x1b"), line);
});

test("top computes rates from the counts between two updates", async () => {
  await using counting = new CountingBalancer();
  const { stdout } = await terminal(counting.url, "top", ["--count", "2"]);
  const [first = "", second = ""] = stdout.split(/(?=^http:)/m);
  assertMatch(
    first,
    /\n\d+ requests\/s {2}0 errors\/s {2}4 held now {2}0 held\/s {2}2 lost {2}64 connections\n/,
  );
  assertEquals(columnOf(first, "LOAD"), ["75.0 %", "25.0 %"]);
  assertEquals(columnOf(second, "NOW"), ["3", "1"]);
  assertEquals(columnOf(second, "P99"), ["64 ms", "–"]);
});

test("top goes on when the balancer is away, and when it is back", async () => {
  let balancer: CountingBalancer | undefined = new CountingBalancer();
  const { port, url } = balancer;
  const { process, lines } = await startTerminal(url, "top", []);
  const until = async (wanted: string) => {
    for (let line = await lines.next(); !line.done; line = await lines.next()) {
      if (line.value.includes(wanted)) return;
    }
    throw new Error(`top ended without "${wanted}"`);
  };
  try {
    await until("2 of 2 replicas ready");
    await balancer[Symbol.asyncDispose]();
    await until("cannot be reached, trying again");
    balancer = new CountingBalancer(port);
    await until("2 of 2 replicas ready");
  } finally {
    process.kill("SIGKILL");
    await process.stderr.cancel();
    await process.status;
    while (!(await lines.next()).done);
    await balancer?.[Symbol.asyncDispose]();
  }
});

test("top ends when the reader of its pipe is gone", async () => {
  await using counting = new CountingBalancer();
  const { process, lines } = await startTerminal(counting.url, "top", []);
  await lines.next();
  await lines.return?.();
  const [{ code }] = await Promise.all([process.status, process.stderr.cancel()]);
  assertEquals(code, 0);
});

for (const [what, key] of [["q", "q"], ["^C", "\x03"]] as const) {
  test(`top on a terminal ends with ${what}, and leaves the terminal as it was`, async () => {
    await using counting = new CountingBalancer();
    const words = await wordsOf("top", ["--url", counting.url]);
    const { code, screen } = await onTerminal(words, { key, after: "RESTARTS" });
    assertEquals(code, 0);
    const [before = "", live = "", after = ""] = screen.split(new RegExp("\x1b\\[\\?1049[hl]"));
    assertEquals(before.includes("\x1b[?25l"), false);
    assertMatch(live, /2 of 2 replicas ready/);
    assertEquals(live.endsWith("\x1b[?25h"), true);
    assertEquals(after.trim(), "icanon echo");
  });
}

/** Answers every GET, and closes the connection of every other request. */
async function answerOnlyQuestions(listener: Deno.TcpListener): Promise<void> {
  for await (const connection of listener) {
    const bytes = new Uint8Array(4096);
    const length = await connection.read(bytes) ?? 0;
    const head = new TextDecoder().decode(bytes.subarray(0, length));
    const answer = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}";
    if (head.startsWith("GET ")) await connection.write(new TextEncoder().encode(answer));
    connection.close();
  }
}

/** Stands in for a balancer: two replicas, of which one answers three times as much. */
class CountingBalancer implements AsyncDisposable {
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  #answered = 0;

  constructor(port = 0) {
    const options = { port, hostname: "127.0.0.1", onListen() {} };
    this.#server = Deno.serve(options, (request) => this.#answer(new URL(request.url).pathname));
  }

  get port(): number {
    return this.#server.addr.port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }

  #answer(path: string): Response {
    if (path === "/_lb/status") return Response.json(STATUS);
    if (path === "/_lb/incidents") return Response.json({ incidents: [] });
    if (path === "/_lb/history") return Response.json({ message: "none" }, { status: 404 });
    this.#answered++;
    return Response.json({
      at: Date.now(),
      requests: 400 * this.#answered,
      errors: 5,
      held: 9,
      retried: 0,
      spilled: 0,
      lost: 2,
      holding: 4,
      connections: 64,
      replicas: {
        A: { requests: 300 * this.#answered, errors: 5, inFlight: 3, p50Ms: 1.5, p99Ms: 64 },
        B: { requests: 100 * this.#answered, errors: 0, inFlight: 1, p50Ms: null, p99Ms: null },
      },
    });
  }
}

const STATUS = {
  version: 1,
  digest: "0123456789abcdef",
  layout: "even",
  slots: 512,
  engine: "process",
  engineUp: true,
  engineAwayMs: 0,
  desired: 2,
  ready: 2,
  replicas: ["A", "B"].map((name) => ({
    name,
    state: "ready",
    since: "2026-11-23T20:00:00.000Z",
    address: "127.0.0.1:9001",
    weight: 1,
    slots: 256,
    restarts: 0,
    nextStart: null,
    lastError: null,
  })),
  spares: [],
  quarantined: [],
  maintenance: null,
  cluster: null,
  certificates: [],
  failures: {},
};

function done(line: string): Outcome {
  return { code: 0, stdout: `${line}\n`, stderr: "" };
}

function assertRefused({ code, stdout, stderr }: Outcome): void {
  assertEquals([code, stdout], [1, ""]);
  assertMatch(stderr, /^error: the balancer refused \(4\d\d\): /);
}

async function unusedPort(): Promise<number> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return await Promise.resolve(listener.addr.port);
}
