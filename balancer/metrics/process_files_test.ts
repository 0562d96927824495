import { assert, assertEquals } from "@std/assert";
import { systemTest as test } from "../../tools/test/needs.ts";
import { ProcessFileReader } from "./process_files.ts";

test("a reader reports the descriptors and the address space of this process", async () => {
  const failed: unknown[] = [];
  await using reader = new ProcessFileReader({ record: (...failure) => failed.push(failure) });
  const first = await reader.read();
  assert(first.virtualBytes! > Deno.memoryUsage().rss, JSON.stringify(first));
  assert(first.maxFds! >= first.openFds! && first.openFds! > 3, JSON.stringify(first));
  const files = await Promise.all([1, 2, 3, 4, 5].map(() => Deno.open("/dev/null")));
  assertEquals((await reader.read()).openFds! - first.openFds!, 5);
  for (const file of files) file.close();
  assertEquals([(await reader.read()).openFds, failed], [first.openFds, []]);
});

test("concurrent queries share one answer, and an ended reader starts another shell", async () => {
  const failed: unknown[] = [];
  const reader = new ProcessFileReader({ record: (...failure) => failed.push(failure) });
  const [one, other] = await Promise.all([reader.read(), reader.read()]);
  assert(one === other);
  await reader[Symbol.asyncDispose]();
  assert((await reader.read()).openFds! > 3);
  await reader[Symbol.asyncDispose]();
  await reader[Symbol.asyncDispose]();
  assertEquals(failed, []);
});

test({
  name: "without the permission to run a shell the numbers are missing, and nothing fails",
  permissions: { run: false },
  fn: async () => {
    const failed: unknown[] = [];
    await using reader = new ProcessFileReader({ record: (...failure) => failed.push(failure) });
    assertEquals([await reader.read(), failed], [{}, []]);
  },
});

/** Process ids of the shells that this process started. */
async function shells(): Promise<number[]> {
  const { stdout } = await new Deno.Command("ps", {
    args: ["--ppid", `${Deno.pid}`, "-o", "pid=,comm="],
  }).output();
  return [...new TextDecoder().decode(stdout).matchAll(/(\d+) sh$/gm)].map(([, pid]) =>
    Number(pid)
  );
}

test("a shell that ends is a counted failure, and the next query starts another one", async () => {
  const failed: string[] = [];
  await using reader = new ProcessFileReader({ record: (action) => failed.push(action) });
  await reader.read();
  for (const pid of await shells()) Deno.kill(pid, "SIGKILL");
  assertEquals([await reader.read(), failed], [{}, ["metrics.process"]]);
  assert((await reader.read()).openFds! > 3);
});
