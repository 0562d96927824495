import { assertEquals } from "@std/assert";
import { FailureCosts } from "./failure_cost.ts";

Deno.test("failure costs are counted by owner, and reported once", () => {
  const book = new FailureCosts();
  assertEquals(book.take(), []);
  book.add("Server1", "held");
  book.add("Server1", "held");
  book.waited("Server1", 20.4);
  book.waited("Server1", 3);
  book.add("Server2", "lost");
  const none = { held: 0, retried: 0, spilled: 0, lost: 0, broken: 0, longestHoldMs: 0 };
  assertEquals(book.take(), [
    { ...none, name: "Server1", held: 2, longestHoldMs: 20 },
    { ...none, name: "Server2", lost: 1 },
  ]);
  assertEquals(book.take(), []);
});

Deno.test("requests without an owner are not counted", () => {
  const book = new FailureCosts();
  book.add(undefined, "lost");
  book.waited(undefined, 1);
  assertEquals(book.take(), []);
});
