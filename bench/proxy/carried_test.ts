import { assertEquals } from "@std/assert";
import { notCarried } from "./carried.ts";

Deno.test("a round that did not carry its rate is named with both figures", () => {
  const good = { load: 20_000, rate: 19_990 };
  assertEquals(notCarried([good, good]), undefined);
  assertEquals(
    notCarried([good, { load: 20_000, rate: 18_200.4 }, good]),
    "round 2 carried 18200 of 20000 requests/s",
  );
});
