import { assert, assertEquals } from "@std/assert";
import { balancerOf, endAll, findRun, parseProcesses } from "./processes.ts";
import { systemTest as test } from "../test/needs.ts";

const PS = `
    1 Ss   /sbin/init splash
   42 Sl   deno run balancer/main.ts --run-id=abc
   43 Z    [deno] <defunct>
  512 R+   ps -A
`;

Deno.test("processes: the output of ps is parsed by columns, without zombies", () => {
  assertEquals(parseProcesses(PS), [
    { pid: 1, args: "/sbin/init splash" },
    { pid: 42, args: "deno run balancer/main.ts --run-id=abc" },
    { pid: 512, args: "ps -A" },
  ]);
});

Deno.test("processes: a balancer is found by its run id, with any pid", () => {
  assertEquals(balancerOf(parseProcesses(PS), "abc").map(({ pid }) => pid), [42]);
  assertEquals(balancerOf(parseProcesses(PS), "abd"), []);
});

/** Starts a shell with a run id, optionally one that ignores SIGTERM. */
function startShell(runId: string, ignoring: boolean): Deno.ChildProcess {
  const script = `${ignoring ? "trap '' TERM;" : ""} echo up; while :; do sleep 0.05; done`;
  const args = ["-c", script, runId];
  return new Deno.Command("sh", { args, stdout: "piped", stderr: "null" }).spawn();
}

for (const ignoring of [false, true]) {
  const what = ignoring ? "SIGTERM is ignored: SIGKILL follows" : "SIGTERM is enough";
  test(`processes: a run is found and ended, ${what}`, async () => {
    const runId = crypto.randomUUID();
    const child = startShell(runId, ignoring);
    const reader = child.stdout.getReader();
    await reader.read();
    assertEquals((await findRun(runId))?.pid, child.pid);
    const find = async () => [await findRun(runId)].filter((process) => process !== undefined);
    assertEquals(await endAll(find, ignoring ? 200 : 10_000), 1);
    assertEquals((await child.status).signal, ignoring ? "SIGKILL" : "SIGTERM");
    assert(!(await findRun(runId)));
    assertEquals(await endAll(find, 0), 0);
    await reader.cancel();
  });
}
