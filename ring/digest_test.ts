import { assertEquals, assertNotEquals } from "@std/assert";
import { digestOf } from "./digest.ts";
import { Fnv1a64 } from "./fnv1a.ts";

function fnv1a64(text: string): string {
  const hash = new Fnv1a64();
  for (const byte of new TextEncoder().encode(text)) hash.addByte(byte);
  return hash.toString();
}

Deno.test("Fnv1a64 agrees with the published vectors of FNV-1a", () => {
  assertEquals(fnv1a64(""), "cbf29ce484222325");
  assertEquals(fnv1a64("a"), "af63dc4c8601ec8c");
  assertEquals(fnv1a64("foobar"), "85944171f73967e8");
});

Deno.test("A digest distinguishes names whose concatenations are equal", () => {
  const table = Uint16Array.of(0, 0);
  assertNotEquals(digestOf(["ab"], table), digestOf(["a", "b"], table));
  assertNotEquals(digestOf(["ab", "c"], table), digestOf(["a", "bc"], table));
  assertNotEquals(digestOf(["a,b"], table), digestOf(["a", "b"], table));
});

Deno.test("A digest distinguishes tables", () => {
  assertNotEquals(
    digestOf(["a", "b"], Uint16Array.of(0, 1)),
    digestOf(["a", "b"], Uint16Array.of(1, 0)),
  );
  assertNotEquals(digestOf(["a"], Uint16Array.of(0)), digestOf(["a"], Uint16Array.of(0, 0)));
  assertNotEquals(digestOf([], Uint16Array.of(1)), digestOf([], Uint16Array.of(256)));
});
