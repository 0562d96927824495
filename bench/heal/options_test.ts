import { assertEquals, assertRejects } from "@std/assert";
import { healOptions, type Options } from "./options.ts";

async function read(...args: string[]): Promise<Options> {
  const options = await healOptions(["docker-cold", "haproxy"]).read(args);
  if (!options) throw new Error("only the help was asked for");
  return options;
}

Deno.test("without options everything runs at full length", async () => {
  const { only, kills, pause, balancerKills, out } = await read();
  assertEquals([only, kills, pause, balancerKills, out], [[], 50, 20, 20, "docs/bench"]);
});

Deno.test("--quick is short, apart from the results that are kept", async () => {
  const { kills, pause, balancerKills, out } = await read("--quick", "--kills=7");
  assertEquals([kills, pause, balancerKills, out], [7, 3, 3, ".run/bench-heal"]);
});

Deno.test("parts are chosen by a list, or one by one", async () => {
  assertEquals((await read("--only", "haproxy, docker-cold")).only, ["haproxy", "docker-cold"]);
  assertEquals((await read("--only=haproxy", "--only=haproxy")).only, ["haproxy", "haproxy"]);
});

Deno.test("a value that cannot be used is answered with the option and its rule", async () => {
  await assertRejects(() => read("--only=nginx"), Error, "--only must be one or more of");
  await assertRejects(() => read("--kills=0"), Error, "--kills must be a whole number");
  await assertRejects(() => read("--pause=x"), Error, "--pause must be a whole number");
});
