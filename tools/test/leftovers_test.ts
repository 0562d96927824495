import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { BatchFolder } from "./leftovers.ts";
import { systemTest as test } from "./needs.ts";

test("leftovers: a batch that left nothing leaves no folder either", async () => {
  const folder = await BatchFolder.make();
  await new Deno.Command("sh", { args: ["-c", 'rm "$(mktemp)"'], env: folder.env }).output();
  assertEquals(await folder.leftovers(), []);
  await assertRejects(() => Deno.stat(folder.path), Deno.errors.NotFound);
});

test("leftovers: files and processes of a batch are named, and those of others are not", async () => {
  const [folder, other] = [await BatchFolder.make(), await BatchFolder.make()];
  const sleeper = new Deno.Command("sleep", { args: ["600"], env: folder.env }).spawn();
  try {
    await Deno.writeTextFile(`${folder.path}/a.pem`, "");
    const [process = "", ...files] = await folder.leftovers(0);
    assertMatch(process, new RegExp(`^process ${sleeper.pid} .*sleep 600`));
    assertEquals(files, [`${folder.path}/a.pem`]);
    assertEquals(await other.leftovers(0), []);
  } finally {
    sleeper.kill("SIGKILL");
    await sleeper.status;
    await Deno.remove(folder.path, { recursive: true });
  }
});

test("leftovers: a process has time to end", async () => {
  const folder = await BatchFolder.make();
  const ending = new Deno.Command("sh", {
    args: ["-c", "read -r _"],
    env: folder.env,
    stdin: "piped",
  })
    .spawn();
  const left = folder.leftovers(60_000);
  await ending.stdin.close();
  await ending.status;
  assertEquals(await left, []);
  assertMatch(folder.path, /^\/tmp\/rk-/);
});
