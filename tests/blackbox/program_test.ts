import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { Balancer, signal } from "../harness/balancer.ts";
import { within } from "../harness/raw.ts";
import {
  columnOf,
  onTerminal,
  type Outcome,
  startTerminal,
  terminal,
  wordsOf,
} from "../harness/terminal.ts";
import { ROOT } from "../../tools/project.ts";
import { systemTest as test, whenPermitted } from "../../tools/test/needs.ts";

const { program } = await whenPermitted(() => import("../../tools/cli/program.ts"));

const DEADLINE_MS = 180_000;
const TOKEN = "a-token-of-the-test";
const REPLICA = `${Deno.execPath()} run --quiet --no-prompt --allow-net ` +
  `--allow-env=HOST,PORT,SERVER_NAME,SOCKET ${new URL("replica/main.ts", ROOT).pathname}`;

/** The verbs that people see. */
function verbs(): string[] {
  const names = program().createHelp().visibleCommands(program()).map((command) => command.name());
  return names.filter((name) => name !== "help");
}

test("verbs about the ring, the log, events, deploys and drills, on a real balancer", async (t) => {
  await using balancer = await Balancer.ready({
    LB_ENGINE: "process",
    LB_ADMIN_TOKEN: TOKEN,
    LB_DRILLS: "true",
  });
  const env = { LB_ADMIN_TOKEN: TOKEN };
  const run = (verb: string, ...args: string[]) => terminal(balancer.own, verb, args, env);
  const json = async (verb: string, ...args: string[]) => {
    const { code, stdout, stderr } = await run(verb, ...args, "--json");
    assertEquals([code, stderr], [0, ""]);
    return stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
  };

  await t.step("ring shows the slots of each replica", async () => {
    const { stdout } = await run("ring");
    assertMatch(stdout, /^ring: layout even, hashes fibonacci, 512 slots, digest [0-9a-f]+, /);
    assertEquals(columnOf(stdout, "REPLICA"), ["Server1", "Server2", "Server3"]);
    assertEquals(columnOf(stdout, "SLOTS"), ["171", "171", "170"]);
    assertEquals(await json("ring"), [await bodyOf(balancer, "/_lb/ring")]);
  });

  await t.step("ring with a shape changes the ring and reports the moved share", async () => {
    assertMatch((await run("ring", "--slots", "1024")).stdout, /^done: ring version \d+, digest /);
    const [changed] = await json("ring", "--slots", "512", "--layout", "rendezvous");
    const { digest, layout } = await bodyOf(balancer, "/_lb/status");
    assertEquals([changed.message.digest, layout], [digest, "rendezvous"]);
    assertRefused(await run("ring", "--layout", "square"), /layout: must be one of even/);
    await run("ring", "--layout", "even");
  });

  await t.step("apply carries out a plan by its id", async () => {
    const [plan] = await json("plan", "--weight", "Server1=2");
    assertMatch((await run("apply", plan.message.id)).stdout, /^done: ring version \d+, /);
    assertRefused(await run("apply", plan.message.id), /\(404\)/);
    const [back] = await json("plan", "--weight", "Server1=1");
    const [applied] = await json("apply", back.message.id);
    assertEquals(applied.message.digest, back.message.after.digest);
  });

  await t.step("log shows and changes level and access log", async () => {
    assertEquals((await run("log")).stdout, "level info, access log off\n");
    const args = ["--level", "debug", "--access", "0.5"];
    assertEquals(
      (await run("log", ...args)).stdout,
      "level debug, access log 0.5 of the requests\n",
    );
    assertEquals(await json("log"), [{ level: "debug", access: 0.5 }]);
    assertRefused(await run("log", "--level", "loud"), /level: must be one of .*; got "loud"/);
    const [changed] = await json("log", "--level", "info", "--access", "off");
    assertEquals(changed.message, { level: "info", access: "off" });
  });

  await t.step("events are those that are kept, then those that come", async () => {
    const { code, stdout } = await run("events", "--all", "--count", "3");
    assertEquals([code, stdout.split("\n").length], [0, 4]);
    assertMatch(stdout, /^\S+Z engine {3}answers again\n/);
    const [first, second] = await json("events", "--after", "1", "--count", "2");
    assertEquals([first.id, second.id], [2, 3]);
  });

  await t.step("events show a failure as it happens", async () => {
    const { process, lines } = await startTerminal(balancer.own, "events", ["--all"], env);
    await until(lines, (line) => line.includes("Server2: warming -> ready"));
    const victim = await balancer.replica("Server2");
    await signal(Number(victim?.instance?.split("-", 1)[0]), "KILL");
    await until(lines, (line) => /Server2: ready -> (?:down|waiting)/.test(line));
    await until(lines, (line) => / incident Server2: healed after .* lost \(/.test(line));
    await end(process, lines);
  });

  await t.step("top --json is a line for each interval", async () => {
    const [one, two, ...rest] = await json("top", "--count", "2");
    assertEquals([one.reached, two.status.ready, rest], [true, 3, []]);
    assertEquals(Object.keys(two.rates.replicas).sort(), ["Server1", "Server2", "Server3"]);
  });

  await t.step(
    "drill kills a replica, reports, and ends with 1 where it is not passed",
    async () => {
      const passed = await run("drill", "Server1", "--seconds", "1", "--full-ring-ms", "60000");
      assertEquals(passed.code, 0, passed.stderr);
      assertMatch(
        passed.stdout,
        /^passed\nload: \d+ requests, 0 lost; .*\nServer1: .*; out after /,
      );
      const missed = await run(
        "drill",
        "Server1",
        "--seconds",
        "1",
        "--full-ring-ms",
        "1",
        "--json",
      );
      const report = JSON.parse(missed.stdout);
      assertEquals([missed.code, report.passed, report.objective.fullRingMs], [1, false, 1]);
      assertEquals(missed.stderr, "error: the drill was not passed\n");
    },
  );

  await t.step("deploy prints a line for each step", async () => {
    const { code, stdout, stderr } = await run("deploy", "--command", REPLICA);
    assertEquals([code, stderr], [0, ""]);
    assertMatch(stdout, /^Server1: starting\nServer1: draining\nServer1: replaced\n/);
    assertMatch(stdout, /\nServer3: has to stay ready for 50 ms\ndone\n$/);
    const steps = await json("deploy", "--command", `env V=2 ${REPLICA}`, "--min-ready", "0");
    assertEquals(steps.at(-1), { step: "done" });
    assertEquals(steps.filter(({ step }) => step === "replaced").length, 3);
  });

  await t.step("deploy on a terminal draws its progress in place", async () => {
    const words = await wordsOf("deploy", ["--no-command", "--url", balancer.own]);
    const { code, screen } = await onTerminal(words, undefined, env);
    assertEquals(code, 0, screen);
    assertMatch(screen, /\[-{24}\] deploy: replacing, 0 of 3 replaced, \d+ s/);
    // deno-lint-ignore no-control-regex
    assertMatch(screen, /\x1b\[4A\r\[#{8}-{16}\] deploy: replacing, 1 of 3 replaced/);
    assertMatch(screen, /\[#{24}\] deploy: done, 3 of 3 replaced, \d+ s/);
    assertEquals(screen.trimEnd().endsWith("icanon echo"), true);
  });

  await t.step("a deploy that goes back ends with 1 and the reason", async () => {
    const { code, stdout, stderr } = await run("deploy", "--command", "sh -c 'exit 3'");
    assertEquals(code, 1);
    assertMatch(stdout, /Server1: rolling back \(Server1 did not become ready: .*exit code 3/);
    assertMatch(stderr, /^error: the deploy was rolled back: Server1 did not become ready: /);
  });

  await t.step("a deploy that goes on where its client leaves says so", async () => {
    const words = await wordsOf("deploy", ["--command", REPLICA, "--url", balancer.own]);
    const press = { key: "\x03", after: "deploy: replacing" };
    const { code, screen } = await onTerminal(words, press, env);
    assertEquals(code, 130);
    assertStringIncludes(screen, "the deploy goes on: ringkeeper events shows it");
    const { process, lines } = await startTerminal(balancer.own, "events", ["--all"], env);
    await until(
      lines,
      (line) => line.endsWith("deploy   rolled-back") || /deploy {3}done$/.test(line),
    );
    await end(process, lines);
  });

  await t.step("an invalid deploy is refused before any call", async () => {
    assertUsage(await run("deploy"), "one of --image, --command and --options must be given");
    assertUsage(
      await run("deploy", "--options", "[]"),
      '--options must be a JSON object such as {"memory":"256m"}; got "[]"',
    );
    assertRefused(
      await run("deploy", "--image", "app:2"),
      /\(409\): image: LB_ENGINE=process runs/,
    );
  });
});

test("upstreams of engine static are shown and replaced; another engine has none", async (t) => {
  await using service = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    () => new Response("ok"),
  );
  const address = `127.0.0.1:${service.addr.port}`;
  await using balancer = await Balancer.ready({
    LB_ENGINE: "static",
    LB_UPSTREAMS: `one=${address}`,
  });
  const run = (...args: string[]) => terminal(balancer.own, "upstreams", args);

  await t.step("the list", async () => {
    const { stdout } = await run();
    assertEquals(columnOf(stdout, "UPSTREAM"), ["one"]);
    assertEquals(columnOf(stdout, "ADDRESS"), [address]);
    const { stdout: text } = await run("--json");
    assertEquals(JSON.parse(text), await bodyOf(balancer, "/_lb/upstreams"));
  });

  await t.step("another list", async () => {
    const set = await run("--set", `one=${address},two=localhost:${service.addr.port}*2`);
    assertEquals(set.code, 0, set.stderr);
    assertMatch(set.stdout, /^done: ring version \d+, /);
    assertEquals(columnOf((await run()).stdout, "WEIGHT"), ["1", "2"]);
    const back = JSON.parse((await run("--set", `one=${address}`, "--json")).stdout);
    assertEquals(back.status, "successful");
  });

  await t.step("an invalid list", async () => {
    const { code, stderr } = await run("--set", "one=nowhere");
    assertEquals(code, 2);
    assertMatch(stderr, /^error: --set must be \[name=\]host:port.*; got "one=nowhere"\n/);
  });
});

test("events end with 3 when the balancer ends", async () => {
  await using balancer = await Balancer.ready({ LB_ENGINE: "process", LB_REPLICAS: "1" });
  const { process, lines } = await startTerminal(balancer.own, "events", ["--all"]);
  await until(lines, (line) => line.includes("Server1: warming -> ready"));
  await balancer.end("SIGTERM");
  while (!(await lines.next()).done);
  const stderr = await new Response(process.stderr).text();
  assertEquals((await process.status).code, 3);
  assertMatch(stderr, /^error: http:\/\/127\.0\.0\.1:\d+: the stream ended with the balancer\n$/);
});

test("settings --local are those of this environment, and an invalid one ends with 1", async () => {
  const env = { LB_HOLD_MS: "250", LB_ADMIN_TOKEN: TOKEN, LB_PORT: "" };
  const changed = await terminal(undefined, "settings", ["--local", "--changed"], env);
  assertEquals(changed.code, 0, changed.stderr);
  assertEquals(columnOf(changed.stdout, "SETTING"), ["LB_HOLD_MS", "LB_ADMIN_TOKEN"]);
  assertEquals(columnOf(changed.stdout, "VALUE"), ["250", "(secret)"]);
  const one = await terminal(undefined, "settings", ["--local", "hold-ms", "--json"], env);
  const [{ value, from, default: fallback }] = JSON.parse(one.stdout);
  assertEquals([value, from, fallback], ["250", "environment", "5000"]);
  const wrong = await terminal(undefined, "settings", ["--local", "LB_HOLD"], { LB_HOLD_MX: "1" });
  assertEquals(wrong.code, 1);
  assertEquals(
    wrong.stderr,
    "error: LB_HOLD_MX: no setting has this name; did you mean LB_HOLD_MS?\n",
  );
  assertUsage(
    await terminal(undefined, "settings", ["--local", "prot"]),
    "LB_PROT: no setting has this name; did you mean LB_PORT?",
  );
});

test("up refuses mistyped and unusable settings with every engine, before anything is started", async () => {
  for (const engine of ["auto", "docker", "process"]) {
    const env = { LB_HOLD_MX: "1", LB_HEARTBEAT_MS: "often", LB_FLEET: "of-the-test" };
    const { code, stdout, stderr } = await terminal(undefined, "up", ["--engine", engine], env);
    assertEquals([code, stdout], [2, ""]);
    assertMatch(
      stderr,
      /^error: LB_HOLD_MX: no setting has this name; did you mean LB_HOLD_MS\?$/m,
    );
    assertMatch(stderr, /^LB_HEARTBEAT_MS: must be a whole number .*; got "often"$/m);
  }
});

test("up, logs and down have --json: progress is on stderr, and a running fleet is reported", async (t) => {
  const env = { LB_FLEET: `of-the-test-${Deno.pid}`, LB_REPLICAS: "1" };
  const run = (verb: string, ...args: string[]) => terminal(undefined, verb, args, env);
  const port = String(await unusedPort());
  try {
    const up = await run("up", "--engine", "process", "--port", port, "--json");
    assertEquals(up.code, 0, up.stderr);
    const place = JSON.parse(up.stdout);
    assertMatch(up.stderr, /^engine: processes \(asked for\)\n(?:.*\n)*1 of 1 replicas ready\n/);

    await t.step("up again", async () => {
      const again = await run("up", "--engine", "process", "--port", port, "--json");
      assertEquals([again.code, JSON.parse(again.stdout)], [0, { ...place, already: true }]);
    });
    await t.step("the verbs find it by its fleet", async () => {
      assertEquals(place.service, `http://127.0.0.1:${port}`);
      assertEquals(JSON.parse((await run("status", "--json")).stdout).ready, 1);
      assertEquals((await run("add", "S2")).stdout, "2 replicas: Server1, S2\n");
    });
    await t.step("logs", async () => {
      const { process, lines } = await startTerminal("", "logs", ["--json"], env);
      await until(lines, (line) => JSON.parse(line).message.includes(`:${port}`));
      await end(process, lines);
    });
  } finally {
    const { code, stdout, stderr } = await run("down", "--json");
    assertEquals([code, stdout], [0, '{"stopped":true}\n'], stderr);
  }
  assertEquals((await run("down", "--json")).stdout, '{"stopped":false}\n');
});

async function unusedPort(): Promise<number> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return await Promise.resolve(listener.addr.port);
}

test("version is that of deno.json, for people, for scripts and as an option", async () => {
  const { version } = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
  const of = async (...args: [string, ...string[]]) =>
    (await terminal(undefined, args[0], args.slice(1))).stdout;
  assertEquals(await of("version"), `ringkeeper ${version} (Deno ${Deno.version.deno})\n`);
  assertEquals(JSON.parse(await of("version", "--json")), {
    ringkeeper: version,
    deno: Deno.version.deno,
  });
  assertEquals(await of("--version"), `${version}\n`);
});

test("a mistyped verb is an error that suggests the nearest", async () => {
  for (const [typed, verb] of [["statsu", "status"], ["wiegh", "weigh"], ["depoly", "deploy"]]) {
    assertEquals(await terminal(undefined, typed ?? "", []), {
      code: 2,
      stdout: "",
      stderr:
        `error: unknown command '${typed}'\n(Did you mean ${verb}?)\nTry: ringkeeper --help\n`,
    });
  }
});

test("the help lists every verb, and each verb's help has examples of it in 80 columns", async () => {
  const { code, stdout } = await terminal(undefined, "--help", []);
  assertEquals(code, 0);
  for (const verb of verbs()) assertMatch(stdout, new RegExp(`^  ${verb} `, "m"));
  for (const verb of verbs()) {
    const help = await terminal(undefined, verb, ["--help"]);
    assertEquals([help.code, help.stderr], [0, ""]);
    assertMatch(help.stdout, new RegExp(`^Usage: ringkeeper ${verb}`));
    assertMatch(help.stdout, new RegExp(`^Examples:\n  ringkeeper ${verb}`, "m"));
    for (const line of help.stdout.split("\n")) assert(line.length <= 80, `${verb}: ${line}`);
  }
});

/** Reads lines up to the first one that matches. */
async function until(
  lines: AsyncIterator<string>,
  wanted: (line: string) => boolean,
): Promise<void> {
  const search = async () => {
    for (;;) {
      const line = await lines.next();
      if (line.done) throw new Error("the program ended before the line came");
      if (wanted(line.value)) return;
    }
  };
  await within("a matching line", search(), DEADLINE_MS);
}

async function end(process: Deno.ChildProcess, lines: AsyncIterator<string>): Promise<void> {
  process.kill("SIGTERM");
  await process.stderr.cancel();
  await process.status;
  while (!(await lines.next()).done);
}

// deno-lint-ignore no-explicit-any
async function bodyOf(balancer: Balancer, path: string): Promise<any> {
  return (await balancer.call("GET", path)).body;
}

function assertRefused({ code, stdout, stderr }: Outcome, why: RegExp): void {
  assertEquals([code, stdout], [1, ""]);
  assertMatch(stderr, /^error: the balancer refused \(4\d\d\): /);
  assertMatch(stderr, why);
}

function assertUsage({ code, stdout, stderr }: Outcome, message: string): void {
  assertEquals([code, stdout], [2, ""]);
  assertStringIncludes(stderr, `error: ${message}\nTry: ringkeeper `);
}
