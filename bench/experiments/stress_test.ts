import { assertEquals } from "@std/assert";
import { fitting } from "./stress.ts";

Deno.test("a request in flight takes two files, and some are kept for other things", () => {
  assertEquals([20_000, 20_200].map(fitting), [9900, 10_000]);
});
