import { assertEquals } from "@std/assert";
import { ViewAcks } from "./view_acks.ts";

Deno.test("a version is in force when the last worker has applied it, and is reported once", () => {
  const acks = new ViewAcks<string>();
  acks.join("a");
  acks.join("b");
  assertEquals(acks.applied("a", 1), undefined);
  assertEquals(acks.applied("a", 2), undefined);
  assertEquals(acks.applied("b", 1), 1);
  assertEquals(acks.applied("b", 2), 2);
  assertEquals(acks.applied("b", 2), undefined);
});

Deno.test("a removed worker is not waited for; its successor is", () => {
  const acks = new ViewAcks<string>();
  acks.join("a");
  acks.join("b");
  acks.applied("a", 3);
  assertEquals(acks.leave("b"), 3);
  assertEquals(acks.applied("b", 4), undefined, "what it said late");
  acks.join("c");
  assertEquals(acks.applied("a", 5), undefined);
  assertEquals(acks.applied("c", 3), undefined, "it caught up with what was told");
  assertEquals(acks.applied("c", 5), 5);
  assertEquals([acks.leave("a"), acks.leave("c")], [undefined, undefined]);
});
