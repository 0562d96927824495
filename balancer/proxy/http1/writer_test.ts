import { assertEquals } from "@std/assert";
import { copy, writeAscii, writeNumber } from "./writer.ts";

Deno.test("Text and numbers are written at the given index", () => {
  const out = new Uint8Array(16).fill(46);
  assertEquals(writeAscii(out, 2, "ab"), 4);
  assertEquals(writeNumber(out, 5, 1203), 9);
  assertEquals(new TextDecoder().decode(out), "..ab.1203.......");
});

Deno.test("Numbers of every length have their decimal digits", () => {
  for (const n of [0, 7, 10, 99, 100, 4294967296, 999999999999999, Number.MAX_SAFE_INTEGER]) {
    const out = new Uint8Array(16);
    assertEquals(new TextDecoder().decode(out.subarray(0, writeNumber(out, 0, n))), String(n));
  }
});

Deno.test("Short and long runs of bytes are copied equally", () => {
  const bytes = Uint8Array.from({ length: 400 }, (_, i) => i % 256);
  for (const length of [0, 1, 47, 48, 49, 50, 300]) {
    const out = new Uint8Array(400).fill(7);
    assertEquals(copy(out, 3, bytes, 5, 5 + length), 3 + length);
    assertEquals(out.slice(3, 3 + length), bytes.slice(5, 5 + length));
    assertEquals([out[2], out[3 + length]], [7, 7]);
  }
});
