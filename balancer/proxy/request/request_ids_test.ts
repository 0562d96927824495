import { assertEquals, assertMatch } from "@std/assert";
import { RequestIds } from "./request_ids.ts";

Deno.test("ids count up behind their worker's prefix, as text and as bytes", () => {
  const ids = new RequestIds();
  for (let count = 1; count < 70_000; count++) {
    const number = ids.next();
    const text = ids.text(number);
    assertEquals(new TextDecoder().decode(ids.bytes(number)), text);
    assertEquals(Number.parseInt(text.slice(17), 16), count);
  }
  assertMatch(ids.text(1), /^[0-9a-f]{16}-00000001$/);
  assertEquals(ids.text(0xfffffffe).slice(17), "fffffffe");
  assertEquals(new TextDecoder().decode(ids.bytes(0xfffffffe)), ids.text(0xfffffffe));
});

Deno.test("two workers make different ids", () => {
  assertEquals(new RequestIds().text(1) === new RequestIds().text(1), false);
});
