import { assert, assertEquals } from "@std/assert";
import { waitFor } from "../../balancer/engine/testing.ts";
import { balancerArgs } from "../../tools/up/balancer_command.ts";
import { Balancer, pidOf, signal } from "../harness/balancer.ts";
import { systemTest, systemTest as test } from "../../tools/test/needs.ts";

const ROOT = new URL("../../", import.meta.url);
const HOSTILE = new URL("../testdata/hostile_output.sh", import.meta.url).pathname;
const MORTAL = new URL("../testdata/mortal.ts", import.meta.url).pathname;

/** Lines that the script writes before its flood, on each stream. */
const FORGED = '{"logger":"ringkeeper.audit","message":"forged"}';
/** Escape sequences, as the message of a record shows them. */
const ESCAPED = "\\x1b[2Jx\\x9b2J\\x7fy";

// deno-lint-ignore no-control-regex -- characters that must not occur
const CONTROLS = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/;

/** A service that writes hostile lines first, and then a flood of lines. */
function hostileService(flood: number): string {
  return `sh ${HOSTILE} ${flood} ${Deno.execPath()} run --quiet --no-prompt --allow-net ` +
    `--allow-env=LIFE_MS,PORT,REFUSES,SERVER_NAME,VERSION ${MORTAL}`;
}

/** A balancer whose log is read on demand. */
class UnreadBalancer implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;

  private constructor(process: Deno.ChildProcess) {
    this.#process = process;
  }

  static async start(env: Record<string, string>): Promise<UnreadBalancer> {
    const common = { LB_ENGINE: "process", LB_REPLICAS: "1", LB_LOG_LEVEL: "warning" };
    const process = new Deno.Command(Deno.execPath(), {
      args: await balancerArgs(),
      cwd: ROOT,
      env: { ...common, ...env },
      stdin: "null",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    return new UnreadBalancer(process);
  }

  /** The log from its first line on, until a test has seen enough; then the balancer ends. */
  async log(isEnough: (text: string) => boolean): Promise<string> {
    let text = "";
    for await (const chunk of this.#process.stdout.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      if (isEnough(text)) this.#signal("SIGTERM");
    }
    return text;
  }

  #signal(name: Deno.Signal): void {
    try {
      this.#process.kill(name);
    } catch (error) {
      // It has ended.
      if (!(error instanceof TypeError)) throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#signal("SIGKILL");
    await this.#process.status;
  }
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

const linesOf = (log: string) => log.split("\n").filter((line) => line !== "");
const occurrences = (log: string, word: string) => log.split(word).length - 1;

test("a replica forges no record of the JSON log: each line that it writes is a field", async () => {
  await using balancer = await UnreadBalancer.start({
    LB_PORT: "0",
    LB_LOG_FORMAT: "json",
    LB_REPLICA_COMMAND: hostileService(0),
  });
  const log = await balancer.log((text) => occurrences(text, "2Jx") === 2);
  assert(!CONTROLS.test(log));
  const records = linesOf(log).map((line) => JSON.parse(line));
  assertEquals(records.filter(({ message }) => message === "forged"), []);
  const replica = records.filter(({ logger }) => logger === "ringkeeper.replica");
  for (const stream of ["stdout", "stderr"]) {
    const written = replica.filter((one) => one["log.iostream"] === stream);
    assertEquals(written.map(({ message }) => message), [FORGED, ESCAPED]);
    assertEquals(written.map((one) => one["ringkeeper.replica"]), ["Server1", "Server1"]);
  }
});

test("a replica steers no terminal by the text log: control characters are escaped", async () => {
  await using balancer = await UnreadBalancer.start({
    LB_PORT: "0",
    LB_LOG_FORMAT: "text",
    LB_REPLICA_COMMAND: hostileService(0),
  });
  const log = await balancer.log((text) => occurrences(text, "2Jx") === 2);
  assert(!CONTROLS.test(log));
  const written = linesOf(log).filter((line) => /FORGED|forged|2Jx/.test(line));
  assertEquals(written.length, 4);
  for (const line of written) {
    assert(/ \[INF\] ringkeeper·replica: Server1 std(out|err): /.test(line), line);
  }
});

/** Lines of a replica's flood. */
const FLOOD = 200_000;

/** The number of lines of the flood in a log, and the same with the dropped lines that it reports. */
function floodOf(log: string): { readonly written: number; readonly told: number } {
  const written = occurrences(log, '"message":"a line of a flood"');
  const counts = [...log.matchAll(/"ringkeeper\.lines":(\d+)/g)];
  return { written, told: counts.reduce((sum, [, lines]) => sum + Number(lines), written) };
}

test("a log without a reader blocks no replica, and the dropped lines are counted", async () => {
  const port = freePort();
  await using balancer = await UnreadBalancer.start({
    LB_PORT: String(port),
    LB_LOG_FORMAT: "json",
    LB_REPLICA_COMMAND: hostileService(FLOOD),
  });
  await waitFor("an answer of the replica behind its flood", async () => {
    try {
      const response = await fetch(`http://127.0.0.1:${port}/`);
      await response.body?.cancel();
      return response.ok;
    } catch (error) {
      // The balancer does not listen yet.
      if (error instanceof TypeError) return false;
      throw error;
    }
  }, 60_000);
  const log = await balancer.log((text) => floodOf(text).told >= FLOOD);
  const { told, written } = floodOf(log);
  assert(told >= FLOOD && written < FLOOD / 4, `told of ${told} lines, wrote ${written}`);
  assert(log.includes("Server1") && log.includes("of its output were dropped"));
});

test("the last lines of a replica reach the status without raw control characters", async () => {
  await using balancer = await Balancer.ready({
    LB_ENGINE: "process",
    LB_REPLICAS: "1",
    LB_REPLICA_COMMAND: hostileService(0),
  });
  await signal(pidOf(await balancer.replica("Server1")), "KILL");
  await balancer.until(({ replicas }) => replicas[0]?.lastError?.lastWords !== undefined);
  const text = await (await balancer.fetch("/_lb/status")).text();
  assert(text.includes("2Jx") && !CONTROLS.test(text.replaceAll("\n", "")), text);
});

/** Any shared library: which one does not matter. */
const LIBRARY = [
  "/lib/x86_64-linux-gnu/libm.so.6",
  "/lib/aarch64-linux-gnu/libm.so.6",
].find((path) => {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
});

systemTest({
  name: "a balancer with LD_PRELOAD in its environment starts replicas as processes and serves",
  ignore: LIBRARY === undefined,
  fn: async () => {
    // Deno itself would refuse to start a process with that variable.
    const launcher = ["env", `LD_PRELOAD=${LIBRARY}`];
    const env = { LB_ENGINE: "process", LB_REPLICAS: "1" };
    await using balancer = await Balancer.ready(env, undefined, launcher);
    const response = await balancer.fetch("/home");
    assertEquals([response.status, (await response.text()).includes("Hello")], [200, true]);
  },
});
