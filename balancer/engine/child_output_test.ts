import { assertEquals } from "@std/assert";
import { ChildOutput } from "./child_output.ts";
import { recordingReplicaLog } from "./log_harness.ts";
import { NO_FAILURES } from "./testing.ts";
import { systemTest as test } from "../../tools/test/needs.ts";

function spawn(script: string): Deno.ChildProcess {
  const args = ["-c", script];
  return new Deno.Command("sh", { args, stdout: "piped", stderr: "piped" }).spawn();
}

test("child output: each line of both streams is logged, and the last lines are kept", async () => {
  const { log, lines } = recordingReplicaLog("Server1");
  const child = spawn("echo one; echo two >&2; printf three");
  const output = new ChildOutput(child, log, NO_FAILURES);
  await output.ended;
  assertEquals(lines.toSorted(), ["stderr two", "stdout one", "stdout three"]);
  assertEquals(output.lines.toSorted(), ["one", "three", "two"]);
  await child.status;
});

test("child output: a flood blocks no child, and every line of it is logged or counted", async () => {
  const { log, lines, dropped } = recordingReplicaLog("Server1");
  const child = spawn("yes | head -c 2000000; echo end");
  const output = new ChildOutput(child, log, NO_FAILURES);
  await output.ended;
  assertEquals((await child.status).code, 0);
  assertEquals(lines.length + dropped(), 1_000_001);
  assertEquals(output.lines.at(-1), "end");
});

test("child output: after close nothing more is read, even while a process holds the pipe", async () => {
  const { log } = recordingReplicaLog("Server1");
  const child = spawn("exec sleep 1000");
  const output = new ChildOutput(child, log, NO_FAILURES);
  await output.close();
  await output.ended;
  child.kill("SIGKILL");
  await child.status;
});
