import { assertEquals, assertThrows } from "@std/assert";
import { readOptions } from "./options.ts";
import { BODY_BYTES } from "./upstreams.ts";

const KNOWN = { scenarios: ["small", "idle"], proxies: ["ringkeeper", "nginx"] };

Deno.test("without options everything runs three times", () => {
  const options = readOptions([], KNOWN);
  assertEquals([options.rounds, options.seconds, options.out], [3, 4, "docs/bench"]);
  assertEquals([options.scenarios, options.proxies], [[], []]);
});

Deno.test("--quick is one short round, apart from the results that are kept", () => {
  const options = readOptions(["--quick", "--seconds", "5"], KNOWN);
  assertEquals([options.rounds, options.seconds, options.out], [1, 5, ".run/bench-proxy"]);
});

Deno.test("a name that is unknown is answered with those that are", () => {
  assertThrows(() => readOptions(["--proxy", "squid"], KNOWN), Error, "ringkeeper, nginx");
  assertThrows(() => readOptions(["--scenario", "tls"], KNOWN), Error, "small, idle");
  assertThrows(() => readOptions(["--rounds", "0"], KNOWN), Error, "from 1 to 100");
});

Deno.test("the small body has 56 bytes", () => assertEquals(BODY_BYTES["/small/"], 56));
