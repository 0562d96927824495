import { assertEquals, assertStrictEquals } from "@std/assert";
import { DateLine } from "./date_line.ts";

Deno.test("the line is rebuilt once a second, and whenever the clock jumps", () => {
  let now = 784_111_777_000;
  const line = new DateLine(() => now);
  const text = () => new TextDecoder().decode(line.bytes);
  assertEquals(text(), "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n");
  const first = line.bytes;
  now += 999;
  assertStrictEquals(line.bytes, first);
  now += 1;
  assertEquals(text(), "Date: Sun, 06 Nov 1994 08:49:38 GMT\r\n");
  now -= 3_600_000;
  assertEquals(text(), "Date: Sun, 06 Nov 1994 07:49:38 GMT\r\n");
});
