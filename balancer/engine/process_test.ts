import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { launch, testEngine } from "./conformance.ts";
import { EngineError, type Instance } from "./engine.ts";
import { inheritedEnvironment } from "./inherited_environment.ts";
import { ProcessEngine } from "./process.ts";
import { listen, NO_FAILURES, tcpOf, waitFor } from "./testing.ts";
import { systemTest as test } from "../../tools/test/needs.ts";

const HOST = "127.0.0.1";

function makeEngine(command?: string, env: Record<string, string> = {}): ProcessEngine {
  const inherited = inheritedEnvironment(Deno.env.toObject());
  return new ProcessEngine({ command, env, inherited, host: HOST, failures: NO_FAILURES });
}

function pidOf({ id }: Instance): number {
  return Number(id.split("-")[0]);
}

testEngine("process", () => ({
  engine: makeEngine(),
  kill: (instance) => Deno.kill(pidOf(instance), "SIGKILL"),
}), { notShared: true });

/** Returns the number of living processes of a group. */
async function groupSize(group: number): Promise<number> {
  const args = ["-A", "-o", "pgid=", "-o", "stat="];
  const { stdout } = await new Deno.Command("ps", { args }).output();
  const processes = new TextDecoder().decode(stdout).split("\n").map((line) =>
    line.trim().split(/ +/)
  );
  return processes.filter(([pgid, stat]) => Number(pgid) === group && !stat?.startsWith("Z"))
    .length;
}

/** Runs a test with an engine and closes it. */
async function withEngine(
  engine: ProcessEngine,
  test: (engine: ProcessEngine) => Promise<void>,
): Promise<void> {
  try {
    await test(engine);
  } finally {
    await engine.close();
  }
}

/** Runs a test with a file that a child can write to. */
async function withFile(test: (path: string) => Promise<void>): Promise<void> {
  const path = await Deno.makeTempFile();
  try {
    await test(path);
  } finally {
    await Deno.remove(path);
  }
}

/** A command with a grandchild in its group. */
const WITH_GRANDCHILD = "sh -c 'sleep 1000 & exec sleep 1000'";

/** Waits until the command has replaced the shell, and its grandchild and the guard run. */
function waitForGroup(group: number): Promise<void> {
  return waitFor(`the group ${group}`, async () => await groupSize(group) === 3);
}

function waitForNoGroup(group: number): Promise<void> {
  return waitFor(`the end of group ${group}`, async () => await groupSize(group) === 0);
}

test("process: no instance outlives a balancer that is killed with SIGKILL", async () => {
  await using balancer = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--quiet", "--no-prompt", "--allow-run=sh", "--allow-net"],
      new URL("./testdata/doomed.ts", import.meta.url).href,
      WITH_GRANDCHILD,
    ],
    stdout: "piped",
  }).spawn();
  const reader = balancer.stdout.getReader();
  const { value } = await reader.read();
  const groups: number[] = JSON.parse(new TextDecoder().decode(value));
  for (const group of groups) await waitForGroup(group);
  balancer.kill("SIGKILL");
  for (const group of groups) await waitForNoGroup(group);
  // The last process that could write to it is gone.
  assertEquals((await reader.read()).done, true);
});

test("process: no process of a group outlives its instance", async () => {
  await withEngine(makeEngine(WITH_GRANDCHILD), async (engine) => {
    const group = pidOf(await engine.start(launch("Server1")));
    await waitForGroup(group);
    Deno.kill(group, "SIGKILL");
    await waitForNoGroup(group);
  });
});

test("process: a stop ends the whole group", async () => {
  await withEngine(makeEngine(WITH_GRANDCHILD), async (engine) => {
    const instance = await engine.start(launch("Server1"));
    await waitForGroup(pidOf(instance));
    await engine.stop(instance.id, 5000);
    await waitForNoGroup(pidOf(instance));
  });
});

test("process: a closed engine has ended its instances and starts no more", async () => {
  const engine = makeEngine(WITH_GRANDCHILD);
  const started = await Promise.all([
    engine.start(launch("Server1")),
    engine.start(launch("Server2")),
  ]);
  for (const instance of started) await waitForGroup(pidOf(instance));
  await engine.close();
  assertEquals(await engine.list(), []);
  for (const instance of started) await waitForNoGroup(pidOf(instance));
  await assertRejects(() => engine.start(launch("Server3")), EngineError, "closed");
});

test("process: an instance that ignores SIGTERM is killed after the grace", async () => {
  await withFile(async (path) => {
    const command = `sh -c 'trap "" TERM; echo ready > ${path}; while :; do sleep 1000; done'`;
    await withEngine(makeEngine(command), async (engine) => {
      const heard = await listen(engine);
      const { id } = await engine.start(launch("Server1"));
      await waitFor("the trap", async () => await Deno.readTextFile(path) === "ready\n");
      await engine.stop(id, 50);
      assertEquals((await heard.exitOf(id)).reason, "signal SIGKILL");
      heard.close();
    });
  });
});

const REASONS: readonly [title: string, command: string, reason: string][] = [
  ["an exit code", "sh -c 'exit 3'", "exit code 3"],
  ["a signal", "sh -c 'kill -SEGV $$'", "signal SIGSEGV"],
  ["success", "true", "exit code 0"],
  ["a file that is no program", "/etc/passwd", "exit code 126 (not executable: /etc/passwd)"],
  ["a builtin that is no program", "umask 022", "exit code 127 (command not found: umask)"],
];

for (const [title, command, reason] of REASONS) {
  test(`process: an exit with ${title} is reported in words`, async () => {
    await withEngine(makeEngine(command), async (engine) => {
      const heard = await listen(engine);
      const { id } = await engine.start(launch("Server1"));
      assertEquals((await heard.exitOf(id)).reason, reason);
      heard.close();
    });
  });
}

for (const command of ["no-such-program-here $PORT", "/no/such/program"]) {
  test(`process: the command "${command}" is missing, and the message says so`, async () => {
    await withEngine(makeEngine(command), async (engine) => {
      const error = await assertRejects(() => engine.start(launch("Server1")), EngineError);
      assertEquals(error.kind, "command-missing");
      assert(error.message.includes(command.split(" ")[0] ?? ""), error.message);
    });
  });
}

test("process: an invalid command line is refused before any start", () => {
  assertThrows(() => makeEngine("serve | tee log"), Error, "run by no shell");
});

test("process: an instance gets its identity and the configured environment", async () => {
  await withFile(async (path) => {
    const engine = makeEngine(`sh -c 'env > ${path}'`, { COLOR: "two words", SERVER_NAME: "x" });
    await withEngine(engine, async () => {
      const { address } = await environmentOf(engine, path);
      const lines = (await Deno.readTextFile(path)).split("\n");
      const expected = ["COLOR=two words", "SERVER_NAME=Server7", "SERVER_ID=7"];
      for (const line of [...expected, `PORT=${tcpOf(address).port}`, `HOST=${HOST}`]) {
        assert(lines.includes(line), line);
      }
      assert(lines.some((line) => line.startsWith("PATH=")));
    });
  });
});

test("process: an instance inherits the variables that programs need", async () => {
  const settings = { LB_ADMIN_TOKEN: "s3cret", AWS_SECRET_ACCESS_KEY: "s3cret", TZ: "Asia/Tokyo" };
  for (const [name, value] of Object.entries(settings)) Deno.env.set(name, value);
  try {
    await withFile(async (path) => {
      await withEngine(makeEngine(`sh -c 'env > ${path}'`), async (engine) => {
        await environmentOf(engine, path);
        const text = await Deno.readTextFile(path);
        assert(text.includes("TZ=Asia/Tokyo"));
        assert(!/^LB_|s3cret/m.test(text), text);
      });
    });
  } finally {
    for (const name of Object.keys(settings)) Deno.env.delete(name);
  }
});

test("process: the balancer's tracing variables are not inherited by replicas", async () => {
  const settings = { OTEL_SERVICE_NAME: "balancer", OTEL_EXPORTER_OTLP_HEADERS: "key=s3cret" };
  for (const [name, value] of Object.entries(settings)) Deno.env.set(name, value);
  try {
    await withFile(async (path) => {
      const engine = makeEngine(`sh -c 'env > ${path}'`, { OTEL_SERVICE_NAME: "a shop" });
      await withEngine(engine, async () => {
        await environmentOf(engine, path);
        const text = await Deno.readTextFile(path);
        assertEquals(text.match(/^OTEL_.*$/gm), ["OTEL_SERVICE_NAME=a shop"]);
      });
    });
  } finally {
    for (const name of Object.keys(settings)) Deno.env.delete(name);
  }
});

/** Starts an instance that prints its environment, and waits for its end. */
async function environmentOf(engine: ProcessEngine, path: string): Promise<Instance> {
  const heard = await listen(engine);
  const instance = await engine.start(launch("Server7"));
  assertEquals((await heard.exitOf(instance.id)).reason, "exit code 0", path);
  heard.close();
  return instance;
}
