import { assertEquals, assertStrictEquals } from "@std/assert";
import { BufferPool, free, LARGE_BYTES, RESTING_BYTES, SMALL_BYTES } from "./buffers.ts";

Deno.test("a buffer has at least the requested size", () => {
  const pool = new BufferPool();
  assertEquals(pool.take(0).length, SMALL_BYTES);
  assertEquals(pool.take(SMALL_BYTES).length, SMALL_BYTES);
  assertEquals(pool.take(SMALL_BYTES + 1).length, LARGE_BYTES);
  assertEquals(pool.take(LARGE_BYTES).length, LARGE_BYTES);
});

Deno.test("a returned buffer is lent again, to one user at a time", () => {
  const pool = new BufferPool();
  for (const bytes of [SMALL_BYTES, LARGE_BYTES]) {
    const buffer = pool.take(bytes);
    assertEquals(pool.take(bytes) === buffer, false);
    pool.give(buffer);
    assertStrictEquals(pool.take(bytes), buffer);
    assertEquals(pool.take(bytes) === buffer, false);
  }
});

Deno.test("the number of kept buffers is limited", () => {
  const pool = new BufferPool();
  const given = new Set(Array.from({ length: 200 }, () => pool.take(LARGE_BYTES)));
  for (const buffer of given) pool.give(buffer);
  const kept = Array.from({ length: 200 }, () => pool.take(LARGE_BYTES))
    .filter((buffer) => given.has(buffer));
  assertEquals(kept.length, 64);
});

Deno.test("buffers that are lent at once share memory, and no byte of it", () => {
  const pool = new BufferPool();
  const lent = Array.from({ length: 600 }, () => pool.take(SMALL_BYTES));
  lent.forEach((buffer, at) => buffer.fill(at % 251));
  assertEquals(lent.every((buffer, at) => buffer.every((byte) => byte === at % 251)), true);
  assertEquals(new Set(lent.map(({ buffer }) => buffer)).size, 3);
});

Deno.test("resting buffers share a slab, and no byte of it", () => {
  const pool = new BufferPool();
  const settled = Array.from({ length: 40 }, () => pool.settle());
  settled.forEach((buffer, at) => buffer.fill(at));
  assertEquals(settled.every((buffer, at) => buffer.every((byte) => byte === at)), true);
  assertEquals(settled.every(({ length }) => length === RESTING_BYTES), true);
  assertEquals(new Set(settled.map(({ buffer }) => buffer)).size, 3);
});

Deno.test("freed bytes are empty at once, and so are all others of their buffer", () => {
  const bytes = new Uint8Array(48);
  const part = bytes.subarray(16);
  free(part);
  assertEquals([bytes.length, part.length, bytes.buffer.byteLength], [0, 0, 0]);
});
