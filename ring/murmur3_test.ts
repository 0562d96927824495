import { assertEquals } from "@std/assert";
import { fmix32 } from "./fmix32.ts";
import { murmur3 } from "./murmur3.ts";

Deno.test("murmur3 agrees with the published vectors of MurmurHash3_x86_32", () => {
  assertEquals(murmur3("", 0), 0);
  assertEquals(murmur3("", 1), 0x514e28b7);
  // The bytes 21 43, 21 43 65 87, and "test" read as UTF-16LE.
  assertEquals(murmur3("\u4321"), 0xa0f7b07a);
  assertEquals(murmur3("\u4321\u8765"), 0xf55b516b);
  assertEquals(murmur3("\u6574\u7473"), 0xba6bd213);
});

// Worked out by an independent script in Python: the reference algorithm over UTF-16LE bytes.
const GOLDEN: readonly [text: string, seed0: number, seed1: number][] = [
  ["a", 0x6f49d11a, 0xcfb8023e],
  ["ab", 0x165860ca, 0xf650567a],
  ["abc", 0x42b016c3, 0xaee6b9c0],
  ["user-1", 0x90d68650, 0x6708c50d],
  ["user-session-100", 0x5695e0d7, 0x916fde7f],
  ["h\u00e9llo", 0x1d66751a, 0x27d74b6f],
  ["\u6f22\u5b57", 0xbc7bf8e5, 0x83e3c3f0],
  ["\u{1f600}", 0x56065e39, 0xc3f5f8e9],
  ["\ud800", 0x01655561, 0x0a3ae13a],
  ["\udc00x", 0xcc785d0f, 0x4d3ef040],
  ["\0", 0x30f4c306, 0x85f0b427],
  ["\0\0", 0x2362f9de, 0x78ed212d],
];

Deno.test("murmur3 does not change, for unpaired surrogates too", () => {
  for (const [text, seed0, seed1] of GOLDEN) {
    assertEquals([murmur3(text), murmur3(text, 1)], [seed0, seed1]);
  }
});

Deno.test("fmix32 maps different numbers to different ones", () => {
  const hashes = new Set(Array.from({ length: 100_000 }, (_, value) => fmix32(value)));
  assertEquals(hashes.size, 100_000);
});
