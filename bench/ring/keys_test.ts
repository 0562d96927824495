import { assertEquals } from "@std/assert";
import { distinctKeys, memberNames } from "./keys.ts";

Deno.test("keys are different, of their length, and the same ones each time", () => {
  const keys = distinctKeys(10_000, 8);
  assertEquals(new Set(keys).size, 10_000);
  assertEquals(keys.every((key) => /^[0-9a-z]{8}$/.test(key)), true);
  assertEquals(distinctKeys(10_000, 8), keys);
});

Deno.test("members are numbered from 1", () => {
  assertEquals(memberNames(3), ["Server1", "Server2", "Server3"]);
});
