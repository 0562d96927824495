import { assertEquals } from "@std/assert";
import { lastLines, NOT_FOUND, run, sameDeno, TIMED_OUT } from "./command.ts";
import { systemTest as test } from "./test/needs.ts";

test("command: a program's code and output are returned", async () => {
  const result = await run("sh", ["-c", 'echo "$GIVEN"; echo no >&2; exit 3'], {
    env: { GIVEN: "yes" },
  });
  assertEquals(result, { code: 3, stdout: "yes\n", stderr: "no\n" });
});

test("command: a missing program and a timeout have exit codes of their own", async () => {
  assertEquals((await run("no-such-program-here", [])).code, NOT_FOUND);
  assertEquals((await run("sleep", ["60"], { timeoutMs: 50 })).code, TIMED_OUT);
});

test("command: the tools can run their own Deno", async () => {
  const { stdout } = await run("sh", sameDeno(["--version"]));
  assertEquals(stdout.split(" ")[1], Deno.version.deno);
});

Deno.test("command: the last lines of a text are the end of it", () => {
  assertEquals(lastLines("a\nb\nc\n", 2), "b\nc");
  assertEquals(lastLines("a", 5), "a");
});
