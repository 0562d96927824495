import { assertEquals } from "@std/assert";
import { OutageFailures } from "./outage_failures.ts";

Deno.test("the first failure of each action is logged until the store answers again, and all are counted", () => {
  const seen: string[] = [];
  const failures = new OutageFailures({
    record: (action, _error, known) => void seen.push(known ? `${action} again` : action),
  });
  const error = new Error("no answer");
  for (const action of ["lease", "report", "lease", "lease"]) failures.record(action, error);
  failures.recovered();
  failures.record("lease", error);
  assertEquals(seen, ["lease", "report", "lease again", "lease again", "lease"]);
});
