import { assertEquals } from "@std/assert";
import { movedBetween, nameOfShown, nextDue, requestsOf } from "./requests.ts";

const before = { answeredBy: ["Server1", "Server2", undefined, "Server1"], faults: ["2: gone"] };

Deno.test("requests are counted by the replica that answered; those without an answer are not", () => {
  assertEquals(requestsOf(before, ["Server1", "Server2", "Server3"]), [2, 1, 0]);
});

Deno.test("an id has moved when another replica answers it", () => {
  assertEquals(
    movedBetween(before, { answeredBy: ["Server1", "Server3", "Server2", "Server1"] }),
    2,
  );
  assertEquals(movedBetween(before, before), 0);
});

Deno.test("a replica's page shows the number that its name ends in, or the name", () => {
  assertEquals(["3", "Big"].map(nameOfShown), ["Server3", "Big"]);
});

Deno.test("a client that waited long skips turns and keeps its place in time", () => {
  const pace = nextDue(0, 1);
  assertEquals(nextDue(7, 7 + pace / 2), 7 + pace);
  assertEquals(nextDue(7, 7 + 2.5 * pace), 7 + 3 * pace);
});
