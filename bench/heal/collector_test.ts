import { assertEquals } from "@std/assert";
import { Collector } from "./collector.ts";
import { systemTest as test } from "../../tools/test/needs.ts";

test("who saw a POST and who executed it is kept in order", () => {
  using collector = new Collector();
  for (const line of ["seen id-1 Server1 a", "seen id-1 Server2 b", "done id-1 Server2 b"]) {
    collector.note(line);
  }
  collector.note("a line of somebody else");
  assertEquals(collector.trace("id-1"), { seen: ["Server1 a", "Server2 b"], done: ["Server2 b"] });
  assertEquals(collector.trace("id-2"), { seen: [], done: [] });
});
