import { assertEquals } from "@std/assert";
import { leftoversOf } from "./faults.ts";

const known = [{ name: "Server1", instance: "a" }, { name: "Server2", instance: "b" }];

Deno.test("instances that all balancers know, one for each replica, are no fault", () => {
  assertEquals(leftoversOf([{ id: "a" }, { id: "b" }], known), { doubled: 0, orphaned: 0 });
  assertEquals(leftoversOf([], known), { doubled: 0, orphaned: 0 });
});

Deno.test("an instance without a replica, and two of one replica, are counted", () => {
  assertEquals(leftoversOf([{ id: "a" }, { id: "c" }], known), { doubled: 0, orphaned: 1 });
  const two = [...known, { name: "Server1", instance: "c" }];
  assertEquals(leftoversOf([{ id: "a" }, { id: "c" }], two), { doubled: 1, orphaned: 0 });
});
