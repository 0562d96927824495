import { assertEquals } from "@std/assert";
import { movedBetween, nameOfShown, requestsOf } from "./census.ts";

const before = { answeredBy: ["Server1", "Server2", undefined, "Server1"], faults: ["2: gone"] };

Deno.test("requests are counted by who answered, and those that nobody answered are not", () => {
  assertEquals(requestsOf(before, ["Server1", "Server2", "Server3"]), [2, 1, 0]);
});

Deno.test("an id has moved when another answers it", () => {
  const after = { answeredBy: ["Server1", "Server3", "Server2", "Server1"], faults: [] };
  assertEquals(movedBetween(before, after), 2);
  assertEquals(movedBetween(before, before), 0);
});

Deno.test("what a replica's page shows is the number that its name ends in, or the name", () => {
  assertEquals(["3", "Big"].map(nameOfShown), ["Server3", "Big"]);
});
