import { assertEquals } from "@std/assert";
import { StartFailures, type StartingReplica } from "./start_failures.ts";

function replica(name: string, attempt: number, words: readonly string[] = []): StartingReplica {
  const lastError = { message: "exit code 1", exit: "exit code 1", attempt, lastWords: words };
  return { name, state: "waiting", lastError };
}

Deno.test("a replica's last lines are shown once, from its second failed start on", () => {
  const failures = new StartFailures(60_000);
  const words = (pid: number) => [`${pid} nginx: no \u001b[2Jsuch file`];
  assertEquals(failures.look([replica("Server1", 1, words(1))]), []);
  assertEquals(failures.look([replica("Server1", 2, words(2)), replica("Server2", 2, words(3))]), [
    "Server1 failed to start 2 times (exit code 1) and wrote:",
    "  2 nginx: no such file",
  ]);
  assertEquals(failures.look([replica("Server1", 3, words(4))]), []);
  assertEquals(failures.look([replica("Server1", 4)]), [
    "Server1 failed to start 4 times (exit code 1) and wrote nothing",
  ]);
});

Deno.test("failing starts are given up at the deadline, other replicas are waited for", () => {
  const failures = new StartFailures(0);
  assertEquals(failures.hopeless, undefined);
  failures.look([{ name: "Server1", state: "warming", lastError: null }]);
  assertEquals(failures.hopeless, undefined);
  failures.look([replica("Server1", 2)]);
  assertEquals(failures.hopeless, "gave up after 0 s: Server1 does not start: exit code 1");
  failures.look([{ ...replica("Server1", 2), state: "ready" }]);
  assertEquals(failures.hopeless, undefined);
});
