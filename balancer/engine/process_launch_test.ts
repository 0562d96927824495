import { assert, assertEquals, assertRejects } from "@std/assert";
import { launch } from "./conformance.ts";
import { EngineError, OUTPUT_TAIL_LINES } from "./engine.ts";
import { inheritedEnvironment } from "./inherited_environment.ts";
import { ProcessEngine } from "./process.ts";
import { listen, NO_FAILURES, waitFor } from "./testing.ts";
import { PERMITTED, systemTest, systemTest as test } from "../../tools/test/needs.ts";

async function withEngine(
  command: string | undefined,
  test: (engine: ProcessEngine) => Promise<void>,
): Promise<void> {
  const options = {
    ...{ command, env: { SERVER_NAME: "x" }, host: "127.0.0.1", failures: NO_FAILURES },
    inherited: inheritedEnvironment(Deno.env.toObject()),
  };
  const engine = new ProcessEngine(options);
  try {
    await test(engine);
  } finally {
    await engine.close();
  }
}

/** Returns the output of an instance that has ended. */
async function saidBy(engine: ProcessEngine, id: string): Promise<readonly string[]> {
  const heard = await listen(engine);
  await waitFor(`the end of ${id}`, async () => !(await engine.list()).some((i) => i.id === id));
  heard.close();
  return await engine.readOutputTail(id);
}

test("process: the output tail of a running instance is its last lines", async () => {
  await withEngine("sh -c 'echo out; echo err >&2; exec sleep 1000'", async (engine) => {
    const { id } = await engine.start(launch("Server1"));
    await waitFor("both lines", async () => (await engine.readOutputTail(id)).length === 2);
    assertEquals((await engine.readOutputTail(id)).toSorted(), ["err", "out"]);
  });
});

test("process: the output tail outlives the instance and includes its last output", async () => {
  const command = "sh -c 'i=0; while [ $i -lt 50 ]; do i=$((i+1)); echo $i; done; printf end >&2'";
  await withEngine(command, async (engine) => {
    const { id } = await engine.start(launch("Server1"));
    const words = await saidBy(engine, id);
    assertEquals(words.length, OUTPUT_TAIL_LINES);
    assertEquals(words.slice(-2), ["50", "end"]);
  });
});

test("process: the output tails of the last 32 ended instances are kept", async () => {
  await withEngine("echo $SERVER_NAME", async (engine) => {
    const heard = await listen(engine);
    const ids: string[] = [];
    for (let i = 1; i <= 33; i++) {
      ids.push((await engine.start(launch(`S${i}`))).id);
      await heard.exitOf(ids.at(-1) ?? "");
    }
    assertEquals(await engine.readOutputTail(ids[0] ?? ""), []);
    assertEquals(await engine.readOutputTail(ids[1] ?? ""), ["S2"]);
    assertEquals(await engine.readOutputTail(ids[32] ?? ""), ["S33"]);
    heard.close();
  });
});

test("process: a spare gets no name, even if the settings or the balancer's environment have one", async () => {
  Deno.env.set("SERVER_ID", "9");
  try {
    await withEngine('sh -c "echo name=\\$SERVER_NAME id=\\$SERVER_ID"', async (engine) => {
      const { id } = await engine.start(launch("spare-1", { spare: true }));
      assertEquals(await saidBy(engine, id), ["name= id="]);
    });
  } finally {
    Deno.env.delete("SERVER_ID");
  }
});

test("process: the exit of a renamed spare carries its new name", async () => {
  await withEngine("sleep 1000", async (engine) => {
    const heard = await listen(engine);
    const { id } = await engine.start(launch("spare-1", { spare: true }));
    await engine.rename(id, "Server2");
    await engine.kill(id);
    const { name, reason } = await heard.exitOf(id);
    assertEquals([name, reason], ["Server2", "signal SIGKILL"]);
    heard.close();
  });
});

test("process: a launch can have its own command", async () => {
  await withEngine("echo settings", async (engine) => {
    const { id } = await engine.start(
      launch("Server4", { template: { command: "echo $SERVER_ID" } }),
    );
    assertEquals(await saidBy(engine, id), ["4"]);
    const next = await engine.start(launch("Server4"));
    assertEquals(await saidBy(engine, next.id), ["settings"]);
  });
});

const REFUSED = [
  ["an image", { image: "nginx" }, "unsupported", "LB_ENGINE=process runs commands"],
  ["a missing program", { command: "no-such-program-here" }, "command-missing", "cannot be found"],
  ["no command line", { command: "a | b" }, "command-missing", "run by no shell"],
] as const;

for (const [title, template, kind, words] of REFUSED) {
  test(`process: a launch with ${title} is refused`, async () => {
    await withEngine(undefined, async (engine) => {
      const error = await assertRejects(
        () => engine.start(launch("Server1", { template })),
        EngineError,
      );
      assertEquals([error.kind, error.message.includes(words)], [kind, true], error.message);
      assertEquals(await engine.list(), []);
    });
  });
}

test("process: the start after an exit reports a removed program", async () => {
  const path = await Deno.makeTempFile();
  await Deno.writeTextFile(path, "#!/bin/sh\necho up\nexec sleep 1000\n");
  await Deno.chmod(path, 0o755);
  await withEngine(path, async (engine) => {
    const heard = await listen(engine);
    const first = await engine.start(launch("Server1"));
    // The shell must have found the program before the program is removed.
    await waitFor("its words", async () => (await engine.readOutputTail(first.id)).length > 0);
    await Deno.remove(path);
    const { id } = await engine.start(launch("Server2"));
    assertEquals((await heard.exitOf(id)).reason, `exit code 127 (command not found: ${path})`);
    const error = await assertRejects(() => engine.start(launch("Server2")), EngineError);
    assertEquals(error.kind, "command-missing");
    heard.close();
  });
});

interface Report {
  readonly words: readonly string[];
  readonly failures: readonly string[];
  /** Log lines that could not be written. */
  readonly lost: number;
  readonly latest: number;
}

/** Runs an engine with a command while its standard output is closed half-way. */
async function runWithClosedOutput(command: string): Promise<Report> {
  const balancer = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--quiet", "--no-prompt", "--allow-run=sh", "--allow-net"],
      new URL("./testdata/chatty.ts", import.meta.url).href,
      command,
    ],
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const reader = balancer.stdout.getReader();
  await reader.read();
  await reader.cancel();
  const report = await new Response(balancer.stderr).text();
  assertEquals((await balancer.status).code, 0, report);
  return JSON.parse(report.trim().split("\n").at(-1) ?? "");
}

test("process: a balancer whose output is closed keeps running, and so do its instances", async () => {
  const flood = "sh -c 'yes | head -c 5000000; echo end'";
  const { words, failures, lost } = await runWithClosedOutput(flood);
  assertEquals([words.at(-1), failures], ["end", []]);
  assert(lost > 0);
  assert(words.length === OUTPUT_TAIL_LINES);
});

test("process: a start that fails for lack of file descriptors is the balancer's fault", async () => {
  const program = new URL("./testdata/start_without_files.ts", import.meta.url).pathname;
  const run = ["run", "-A", "--quiet", "--no-prompt", program];
  const { stdout } = await new Deno.Command("sh", {
    args: ["-c", 'ulimit -n 128; exec "$0" "$@"', Deno.execPath(), ...run],
    stdin: "null",
    stderr: "inherit",
  }).output();
  assertEquals(new TextDecoder().decode(stdout), "out-of-files\nstarted\n");
});

systemTest({
  name: "process: replicas run as the user of the settings, and cannot read the balancer's secrets",
  ignore: Deno.build.os !== "linux" || !PERMITTED || Deno.uid() !== 0,
  fn: async () => {
    const engine = new ProcessEngine({
      command: `sh -c 'id -u; id -g; cat /proc/${Deno.pid}/environ'`,
      ...{ env: {}, host: "127.0.0.1", failures: NO_FAILURES },
      inherited: inheritedEnvironment(Deno.env.toObject()),
      user: { uid: 65534, gid: 65534 },
    });
    try {
      const { id } = await engine.start(launch("Server1"));
      const lines = await saidBy(engine, id);
      assertEquals(lines.slice(0, 2), ["65534", "65534"]);
      assert(lines[2]?.includes("Permission denied"), lines[2]);
    } finally {
      await engine.close();
    }
  },
});
