import { assertEquals, assertRejects } from "@std/assert";
import { type Options, proxyOptions } from "./options.ts";

async function read(...args: string[]): Promise<Options> {
  const options = proxyOptions(["small", "idle"], ["ringkeeper", "nginx"]);
  const given = await options.read(args);
  if (!given) throw new Error("only the help was asked for");
  return given;
}

Deno.test("without options everything runs three times", async () => {
  const { rounds, seconds, out, scenario, proxy } = await read();
  assertEquals([rounds, seconds, out, scenario, proxy], [3, 4, "docs/bench", [], []]);
});

Deno.test("--quick is one short round, apart from the results that are kept", async () => {
  const { rounds, seconds, out } = await read("--quick", "--seconds", "5");
  assertEquals([rounds, seconds, out], [1, 5, ".run/bench-proxy"]);
});

Deno.test("a value that cannot be used is answered with the option and its rule", async () => {
  await assertRejects(() => read("--proxy", "squid"), Error, "ringkeeper, nginx");
  await assertRejects(() => read("--scenario", "tls"), Error, "small, idle");
  await assertRejects(() => read("--rounds", "0"), Error, "from 1 to 100");
});
