import { assertEquals, assertMatch } from "@std/assert";
import { RequestIds } from "./request_ids.ts";

Deno.test("ids count up behind what their worker alone has, and none comes twice", () => {
  const ids = new RequestIds();
  const made = Array.from({ length: 70_000 }, () => ids.next());
  assertEquals(new Set(made).size, made.length);
  const [first = ""] = made;
  assertMatch(first, /^[0-9a-f]{16}-00000001$/);
  const counts = made.map((id) => Number.parseInt(id.slice(17), 16));
  assertEquals(counts, Array.from({ length: 70_000 }, (_, at) => at + 1));
  assertEquals(made.every((id) => id.length === 25 && id.startsWith(first.slice(0, 17))), true);
});

Deno.test("two workers make different ids", () => {
  assertEquals(new RequestIds().next() === new RequestIds().next(), false);
});
